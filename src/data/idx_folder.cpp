// Reading IDX arrays; a header is believed only as far as the bytes in the file reach.
#include "data/idx_folder.h"

#include <array>

#include "chainrule/error.h"
#include "data/large_pages.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kMostDimensions = 8;

std::string parts_text(const std::vector<std::size_t>& shape) {
  std::string text;
  for (std::size_t size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

std::size_t big_endian_32(std::string_view bytes, std::size_t at) noexcept {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// The path of the file under one of its usual names, or "".
std::string find_file(const std::string& folder, const std::string& stem, const std::string& kind) {
  for (const char* joint : {"-", "."}) {
    for (const char* ending : {"", ".gz", ".zst"}) {
      const std::string path = folder + (folder.ends_with('/') ? "" : "/") + stem + joint + kind + ending;
      if (is_file(path)) return path;
    }
  }
  return "";
}

struct PartFiles {
  std::string images, labels;
};

PartFiles find_part(const std::string& folder, IdxPart part) {
  const std::string stem = part == IdxPart::train ? "train" : "t10k";
  return {find_file(folder, stem + "-images", "idx3-ubyte"), find_file(folder, stem + "-labels", "idx1-ubyte")};
}

PartFiles find_part_or_throw(const std::string& folder, IdxPart part) {
  const PartFiles files = find_part(folder, part);
  if (!files.images.empty() && !files.labels.empty()) return files;
  if (part == IdxPart::test) {
    throw Error("E0338", folder, "the folder holds no t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte", "name a test file with --test");
  }
  throw Error("E0335", folder, "a folder without train-images-idx3-ubyte and train-labels-idx1-ubyte (or .gz, .zst)",
              "give a file, or a folder with an IDX data set");
}

// Labels are classes whatever their numbers: a categorical column.
Column label_column(std::string_view labels, std::size_t number) {
  Column column;
  column.name = "label";
  column.number = number;
  column.type = ColumnType::categorical;
  column.codes.reserve(labels.size());
  std::array<std::int32_t, 256> codes;
  codes.fill(-1);
  for (char label : labels) {
    const auto value = static_cast<unsigned char>(label);
    if (codes[value] < 0) {
      codes[value] = static_cast<std::int32_t>(column.levels.size());
      column.levels.push_back(std::to_string(value));
    }
    column.codes.push_back(codes[value]);
  }
  return column;
}

void take_images(Table& table, const IdxArray& array) {
  table.rows = array.shape[0];
  table.dense.columns = array.row_size();
  table.dense.name_prefix = "pixel";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(array.values.data());
  table.dense.bytes.reserve(array.values.size());
  prefer_large_pages(table.dense.bytes.data(), array.values.size());
  table.dense.bytes.assign(bytes, bytes + array.values.size());
  table.notes.push_back("format: IDX, " + parts_text(array.shape) + " bytes");
}

}  // namespace

bool looks_like_idx(std::string_view bytes) noexcept {
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0) return false;
  const auto type = static_cast<unsigned char>(bytes[2]), dimensions = static_cast<unsigned char>(bytes[3]);
  return type >= 0x08 && type <= 0x0e && dimensions >= 1 && dimensions <= kMostDimensions;
}

IdxArray parse_idx(std::string_view bytes, const std::string& source) {
  if (!looks_like_idx(bytes)) {
    throw Error("E0330", source, "not an IDX file: it does not start with 0, 0, a type and the number of dimensions",
                "check that it is the right file");
  }
  if (bytes[2] != 0x08) {
    throw Error("E0330", source + " byte 3", "IDX type " + std::to_string(static_cast<int>(bytes[2])) + " is not supported",
                "only unsigned bytes (type 8) are read; convert the file to NPY");
  }
  const auto dimensions = static_cast<std::size_t>(bytes[3]);
  const std::size_t header = 4 + 4 * dimensions;
  if (bytes.size() < header) {
    throw Error("E0331", source + " byte " + std::to_string(bytes.size()), "the file ends inside the IDX header", "fetch the file again");
  }
  IdxArray array;
  std::size_t total = 1;
  bool overflow = false;
  for (std::size_t d = 0; d < dimensions; ++d) {
    array.shape.push_back(big_endian_32(bytes, 4 + 4 * d));
    overflow = __builtin_mul_overflow(total, array.shape[d], &total) || overflow;
  }
  if (total == 0 && !overflow) throw Error("E0340", source, "the array is empty (" + parts_text(array.shape) + ")", "check the file");
  if (overflow) {
    throw Error("E0332", source, "the IDX header announces " + parts_text(array.shape) + " bytes, more than any file holds", "the file is damaged");
  }
  const std::size_t left = bytes.size() - header;
  const std::string announced = "the IDX header announces " + parts_text(array.shape) + " bytes, the file holds " + std::to_string(left);
  if (left < total) throw Error("E0331", source + " byte " + std::to_string(bytes.size()), announced, "fetch the file again");
  if (left > total) throw Error("E0333", source + " byte " + std::to_string(header + total), announced, "the file is damaged");
  array.values = bytes.substr(header);
  return array;
}

Table table_from_idx(std::string_view bytes, const std::string& source) {
  const IdxArray array = parse_idx(bytes, source);
  Table table;
  table.source = source;
  table.has_header = false;
  if (array.shape.size() > 1) {
    take_images(table, array);
    return table;
  }
  table.rows = array.shape[0];
  table.columns.push_back(label_column(array.values, 0));
  table.notes.push_back("format: IDX, " + std::to_string(table.rows) + " labels");
  return table;
}

Table read_idx_folder(const std::string& folder, IdxPart part, InputOptions how) {
  const PartFiles files = find_part_or_throw(folder, part);
  how.name_counts = true;
  how.table = false;  // parse_idx says better what is wrong
  const Input images = read_input(files.images, how);
  const IdxArray image_array = parse_idx(images.bytes, files.images);
  const Input labels = read_input(files.labels, how);
  const IdxArray label_array = parse_idx(labels.bytes, files.labels);
  if (label_array.shape.size() != 1 || image_array.shape[0] != label_array.shape[0]) {
    throw Error("E0334", files.labels,
                parts_text(label_array.shape) + " labels for " + std::to_string(image_array.shape[0]) + " images in " + files.images,
                "take both files from the same data set");
  }
  Table table;
  table.source = folder;
  take_images(table, image_array);
  table.columns.push_back(label_column(label_array.values, table.dense.columns));
  return table;
}

bool has_idx_part(const std::string& folder, IdxPart part) {
  if (!is_folder(folder)) return false;
  const PartFiles files = find_part(folder, part);
  return !files.images.empty() && !files.labels.empty();
}

std::vector<std::string> idx_folder_files(const std::string& folder) {
  const PartFiles train = find_part_or_throw(folder, IdxPart::train);
  std::vector<std::string> files = {train.images, train.labels};
  if (has_idx_part(folder, IdxPart::test)) {
    const PartFiles test = find_part(folder, IdxPart::test);
    files.insert(files.end(), {test.images, test.labels});
  }
  return files;
}

}  // namespace chainrule::data
