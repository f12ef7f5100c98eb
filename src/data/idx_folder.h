// IDX data (the MNIST family): single files, and folders with images and labels. Format: docs/formats/tables.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/input.h"
#include "data/table.h"

namespace chainrule::data {

/// A parsed IDX array of bytes: `values` points into the file's bytes.
struct IdxArray {
  std::vector<std::size_t> shape;  ///< at least one dimension, none of them 0
  std::string_view values;         ///< product of the shape, row-major
  std::size_t row_size() const noexcept { return values.size() / shape[0]; }
};

/// Two zero bytes, a known type, one to eight dimensions: no text starts like this.
bool looks_like_idx(std::string_view bytes) noexcept;
/// Throws E0330 (header), E0331 (truncated), E0332 (sizes no file could hold), E0333 (bytes left over), E0340 (no rows).
IdxArray parse_idx(std::string_view bytes, const std::string& source);

/// One IDX file: images become the dense block, a list of numbers becomes the column "label".
Table table_from_idx(std::string_view bytes, const std::string& source);

enum class IdxPart { train, test };
/// Throws E0335 (no such files), E0338 (no test part), E0334 (images and labels differ in number), and parse_idx's errors.
Table read_idx_folder(const std::string& folder, IdxPart part, InputOptions how = {});
bool has_idx_part(const std::string& folder, IdxPart part);
/// The files of both parts that exist, in a fixed order; throws E0335 when there is no train part.
std::vector<std::string> idx_folder_files(const std::string& folder);

}  // namespace chainrule::data
