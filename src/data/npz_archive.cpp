// Reading NPZ archives from memory through minizip, and choosing which array is what.
#include <minizip/unzip.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "chainrule/error.h"
#include "data/input.h"
#include "data/npy_array.h"
#include "files/interruption.h"

namespace chainrule::data {
namespace {

// minizip's file functions over bytes in memory; `opaque` and `stream` are the same MemoryFile.
struct MemoryFile {
  std::string_view bytes;
  ZPOS64_T at = 0;
};

voidpf open_memory(voidpf opaque, const void*, int) { return opaque; }
int close_memory(voidpf, voidpf) { return 0; }
int no_error(voidpf, voidpf) { return 0; }
ZPOS64_T tell_memory(voidpf, voidpf stream) { return static_cast<MemoryFile*>(stream)->at; }

uLong read_memory(voidpf, voidpf stream, void* buffer, uLong size) {
  auto& file = *static_cast<MemoryFile*>(stream);
  if (file.at >= file.bytes.size()) return 0;
  const uLong count = std::min<uLong>(size, file.bytes.size() - file.at);
  std::memcpy(buffer, file.bytes.data() + file.at, count);
  file.at += count;
  return count;
}

long seek_memory(voidpf, voidpf stream, ZPOS64_T offset, int origin) {
  auto& file = *static_cast<MemoryFile*>(stream);
  const ZPOS64_T start = origin == ZLIB_FILEFUNC_SEEK_SET ? 0 : origin == ZLIB_FILEFUNC_SEEK_CUR ? file.at : file.bytes.size();
  ZPOS64_T target = 0;
  if (__builtin_add_overflow(start, offset, &target) || target > file.bytes.size()) return -1;
  file.at = target;
  return 0;
}

struct CloseZip {
  void operator()(unzFile zip) const noexcept { unzClose(zip); }
};
using ZipHandle = std::unique_ptr<std::remove_pointer_t<unzFile>, CloseZip>;

[[noreturn]] void throw_archive(const std::string& where, const std::string& message) {
  throw Error("E0339", where, message, "write the archive again with numpy.savez");
}

// The end record (22 bytes and a comment) must end exactly where the file does; minizip would forgive a cut.
bool has_whole_end_record(std::string_view bytes) noexcept {
  constexpr std::size_t kRecord = 22;
  const std::size_t at = bytes.rfind(std::string_view("PK\x05\x06", 4));
  if (at == std::string_view::npos || bytes.size() - at < kRecord) return false;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + i])); };
  return bytes.size() - at - kRecord == (byte(20) | byte(21) << 8);
}

struct Entry {
  std::string name, bytes;
};

constexpr std::size_t kMostEntries = 1000;

// The entry's bytes, read until they end: what the directory says about their number is not believed.
std::string read_entry(unzFile zip, const std::string& where, std::size_t limit, const std::atomic<bool>* stop) {
  if (unzOpenCurrentFile(zip) != UNZ_OK) throw_archive(where, "the entry cannot be opened (damaged, encrypted or an unknown method)");
  std::string bytes;
  std::string block(std::size_t{1} << 16, '\0');
  for (;;) {
    end_if_asked(stop, where);
    const int got = unzReadCurrentFile(zip, block.data(), static_cast<unsigned>(block.size()));
    if (got < 0) throw_archive(where, "the entry is damaged");
    if (got == 0) break;
    if (bytes.size() > limit) throw Error("E0432", where, "unpacks to more than " + std::to_string(limit) + " bytes", "unpack it by hand if it is trusted");
    bytes.append(block.data(), static_cast<std::size_t>(got));
  }
  if (unzCloseCurrentFile(zip) == UNZ_CRCERROR) throw_archive(where, "the entry's checksum is wrong");
  return bytes;
}

std::vector<Entry> read_entries(std::string_view bytes, const std::string& source, const std::atomic<bool>* stop) {
  MemoryFile file{bytes, 0};
  zlib_filefunc64_def functions{};
  functions.zopen64_file = open_memory;
  functions.zread_file = read_memory;
  functions.ztell64_file = tell_memory;
  functions.zseek64_file = seek_memory;
  functions.zclose_file = close_memory;
  functions.zerror_file = no_error;
  functions.opaque = &file;
  const ZipHandle zip(unzOpen2_64(source.c_str(), &functions));
  if (!zip || !has_whole_end_record(bytes)) throw_archive(source, "the ZIP archive is damaged or truncated");
  const std::size_t limit = expansion_limit(bytes.size());
  std::vector<Entry> entries;
  bool workbook = false;
  std::size_t total = 0;
  for (int status = unzGoToFirstFile(zip.get()); status != UNZ_END_OF_LIST_OF_FILE; status = unzGoToNextFile(zip.get())) {
    char name[512] = "";
    if (status != UNZ_OK || unzGetCurrentFileInfo64(zip.get(), nullptr, name, sizeof name - 1, nullptr, 0, nullptr, 0) != UNZ_OK) {
      throw_archive(source, "the ZIP archive's directory is damaged");
    }
    std::string entry(name);
    workbook = workbook || entry.starts_with("xl/");
    if (!entry.ends_with(".npy")) continue;
    if (entries.size() == kMostEntries) throw_archive(source, "more than " + std::to_string(kMostEntries) + " arrays");
    std::string content = read_entry(zip.get(), source + " (" + entry + ")", limit - std::min(limit, total), stop);
    total += content.size();
    entries.push_back({entry.substr(0, entry.size() - 4), std::move(content)});
  }
  if (entries.empty() && workbook) throw Error("E0318", source, "an Excel workbook, not a text table", "save the sheet as CSV");
  if (entries.empty()) throw Error("E0318", source, "a ZIP archive without NPY arrays", "unpack it and give the file inside");
  return entries;
}

const Entry* find_entry(const std::vector<Entry>& entries, std::initializer_list<std::string_view> names) {
  for (std::string_view name : names) {
    for (const Entry& entry : entries) {
      if (entry.name == name) return &entry;
    }
  }
  return nullptr;
}

std::string list_names(const std::vector<Entry>& entries) {
  std::string list;
  for (const Entry& entry : entries) list += (list.empty() ? "" : ", ") + entry.name;
  return list;
}

}  // namespace

bool looks_like_zip(std::string_view bytes) noexcept {
  return bytes.starts_with(std::string_view("PK\x03\x04", 4)) || bytes.starts_with(std::string_view("PK\x05\x06", 4));
}

Table table_from_npz(std::string_view bytes, const std::string& source, const std::atomic<bool>* stop) {
  const std::vector<Entry> entries = read_entries(bytes, source, stop);
  if (entries.size() == 1) return table_from_npy(entries[0].bytes, source + " (" + entries[0].name + ")", stop);
  const Entry* x = find_entry(entries, {"X", "x", "x_train", "X_train", "data"});
  const Entry* y = find_entry(entries, {"y", "Y", "target", "labels", "label", "y_train"});
  if (x == nullptr) {
    throw Error("E0339", source, "cannot tell which array is the data: " + list_names(entries), "name the arrays X and y");
  }
  Table table;
  const std::string x_place = source + " (" + x->name + ")";
  const NpyArray array = parse_npy(x->bytes, x_place);
  table.source = source;
  table.rows = array.rows();
  table.dense = dense_from_array(array, x_place, stop);
  table.notes.push_back("format: NPZ, " + std::to_string(table.rows) + " x " + std::to_string(table.dense.columns) + " from \"" + x->name +
                        "\"" + (y == nullptr ? "" : ", column \"label\" from \"" + y->name + "\"") + "; arrays: " + list_names(entries));
  if (y == nullptr) return table;
  const std::string y_place = source + " (" + y->name + ")";
  const NpyArray labels = parse_npy(y->bytes, y_place);
  if (labels.rows() != table.rows || labels.columns() != 1) {
    throw Error("E0334", y_place, std::to_string(labels.rows()) + " x " + std::to_string(labels.columns()) + " labels for " +
                std::to_string(table.rows) + " rows in \"" + x->name + "\"", "write one label per row");
  }
  table.columns.push_back(column_from_array(labels, 0, "label", y_place));
  table.columns.back().number = table.dense.columns;
  return table;
}

}  // namespace chainrule::data
