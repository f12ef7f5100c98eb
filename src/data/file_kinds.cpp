// Files that are no tables, told by their first bytes and called by their names.
#include <algorithm>
#include <array>

#include "chainrule/error.h"
#include "data/reader.h"

namespace chainrule::data {
namespace {

using namespace std::string_view_literals;

struct Kind {
  std::string_view begins;
  const char* name;
  const char* hint = "convert it to CSV first";
};

constexpr Kind kKinds[] = {
    {"PAR1"sv, "a Parquet file"},
    {"PARE"sv, "an encrypted Parquet file"},
    {"ARROW1"sv, "an Arrow file"},
    {"FEA1"sv, "a Feather file"},
    {"ORC"sv, "an ORC file"},
    {"Obj\x01"sv, "an Avro file"},
    {"SQLite format 3"sv, "an SQLite database"},
    {"\x89HDF"sv, "an HDF5 file"},
    {"MATLAB 5.0 MAT-file"sv, "a MATLAB file"},
    {"$FL2"sv, "an SPSS file"},
    {"<stata_dta>"sv, "a Stata file"},
    {"RDX2\n"sv, "an R data file"},
    {"RDX3\n"sv, "an R data file"},
    {"X\n\0\0\0"sv, "an R object (RDS)"},
    {"\x80\x02"sv, "a Python pickle"},
    {"\x80\x03"sv, "a Python pickle"},
    {"\x80\x04"sv, "a Python pickle"},
    {"\x80\x05"sv, "a Python pickle"},
    {"\xd0\xcf\x11\xe0"sv, "an old Excel workbook", "save the sheet as CSV"},
    {"{\\rtf"sv, "a rich text document"},
    {"%PDF-"sv, "a PDF document"},
    {"\x89PNG"sv, "a PNG image"},
    {"\xff\xd8\xff"sv, "a JPEG image"},
    {"\x7f" "ELF"sv, "a program", "give a table"},
    {"\x1f\x8b\x08"sv, "a gzip stream inside a packed one", "unpack it once: gzip -d, or zstd -d"},
    {"\x28\xb5\x2f\xfd"sv, "a zstd stream inside a packed one", "unpack it once: gzip -d, or zstd -d"},
    {"BZh"sv, "a bzip2 stream", "unpack it first, with bzip2 -d"},
    {"\xfd" "7zXZ"sv, "an xz stream", "unpack it first, with xz -d"},
    {"\x04\x22\x4d\x18"sv, "an lz4 stream", "unpack it first, with lz4 -d"},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive", "unpack it first"},
    {"Rar!\x1a"sv, "a RAR archive", "unpack it first"},
    {"version https://git-lfs"sv, "a Git LFS pointer, which stands for a file that was not fetched", "fetch the file itself: git lfs pull"},
    {"/annex/objects/"sv, "a git-annex pointer, which stands for a file that was not fetched", "fetch the file itself: git annex get"},
    {"<?xml"sv, "an XML document"},
};

std::string_view without_blanks(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

bool begins_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b | 0x20 : b); });
}

// {"a": 1} on a line, or an array of such objects.
bool looks_like_json(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    text = without_blanks(text.substr(1));
    if (text.starts_with('[')) return true;
  }
  if (!text.starts_with('{')) return false;
  text = without_blanks(text.substr(1));
  return text.starts_with('"') || text.starts_with('}');
}

// Comments with %, then @relation.
bool looks_like_arff(std::string_view text) noexcept {
  for (text = without_blanks(text); text.starts_with('%'); text = without_blanks(text)) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end);
  }
  return begins_ignoring_case(text, "@relation"sv);
}

// A length in eight bytes, then the JSON of a tensor file's header.
bool looks_like_tensors(std::string_view bytes) noexcept {
  return bytes.size() > 10 && bytes[8] == '{' && bytes[9] == '"' && bytes.substr(4, 4) == "\0\0\0\0"sv;
}

bool looks_like_tar(std::string_view bytes) noexcept { return bytes.size() > 262 && bytes.substr(257, 5) == "ustar"sv; }

[[noreturn]] void refuse(const std::string& source, const std::string& name, const std::string& hint) {
  throw Error("E0318", source, "this is " + name, hint);
}

}  // namespace

void refuse_known_kinds(std::string_view bytes, const std::string& source) {
  for (const Kind& kind : kKinds) {
    if (bytes.starts_with(kind.begins)) refuse(source, kind.name, kind.hint);
  }
  if (looks_like_tensors(bytes)) refuse(source, "a model (safetensors), not a table", "the model goes first: chainrule predict MODEL DATA");
  if (looks_like_tar(bytes)) refuse(source, "a tar archive", "unpack it first, with tar -x");
  const std::string_view text = without_blanks(bytes.starts_with("\xef\xbb\xbf"sv) ? bytes.substr(3) : bytes);
  if (begins_ignoring_case(text, "<!doctype html"sv) || begins_ignoring_case(text, "<html"sv)) {
    refuse(source, "a web page (HTML)", "the download may have given an error page or a viewer's page: fetch the raw file");
  }
  if (looks_like_json(text)) refuse(source, "JSON, not a table", "convert it to CSV first, one line per object");
  if (looks_like_arff(text)) refuse(source, "an ARFF file", "write its rows as CSV, with the attributes' names in the first line");
}

}  // namespace chainrule::data
