// The typing rule: a slip among numbers is an error, a mixture is a category.
#include "data/column_typing.h"

#include "base/shown_text.h"
#include "chainrule/error.h"
#include "data/header_line.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kFewestForRule = 20;  // with fewer values a share says little

// What would make the cell a number after all, when something does.
std::string unlike_training_hint(const std::string& text, const NumberStyle& style) {
  std::string hint = "the model learned this column as numbers";
  if (const std::string words = style_text(style); !words.empty()) hint += " (" + words + ")";
  for (const NumberStyle& other : number_styles()) {
    NumberStyle changed = other;
    changed.unit = style.unit;
    if (parse_number(text, changed).kind != CellKind::number) continue;
    return hint + "; if this file writes them otherwise, give --decimal " + other.decimal +
           (other.grouping == Grouping::none ? "" : " --thousands " + shell_word(thousands_word(other)));
  }
  return hint + "; correct the cell, or train again";
}

}  // namespace

bool nearly_all(std::size_t of_kind, std::size_t others) noexcept {
  return others > 0 && of_kind >= kFewestForRule && of_kind >= 99 * others;
}

std::string slip_hint(const std::string& text, const std::string& column) {
  return "correct the cell, or give --categorical " + shell_word(column) + " (text) or --missing " + shell_word(text) + " (missing value)";
}

std::string first_line_advice(const ColumnPlace& place, std::size_t row) {
  return place.table->line(row) == place.table->first_line_number ? header_advice(*place.table) : "";
}

void throw_out_of_range(const NamedCell& cell, std::uint64_t line, const ColumnPlace& place) {
  throw Error("E0309", place.cell_in_line(line), "\"" + cell.text + "\" is not a finite 64-bit number", slip_hint(cell.text, place.name));
}

std::string ColumnPlace::column() const {
  return "column " + std::to_string(number) + (table->has_header ? " (\"" + name + "\")" : "");
}

std::string ColumnPlace::cell_in_line(std::uint64_t line) const {
  return table->source + " line " + std::to_string(line) + ", " + column();
}

std::string ColumnPlace::cell(std::size_t row) const { return cell_in_line(table->line(row)); }

Typing choose_typing(const ColumnBuilder& builder, const ColumnPlace& place, bool doubtful) {
  if (builder.wish() == ColumnWish::categorical) return Typing::texts;
  const std::size_t numbers = builder.numbers(), texts = builder.texts();
  if (texts > 0 && builder.manner().style != nullptr) {
    const NamedCell& cell = builder.first_text();
    throw Error("E0321", place.cell(cell.row), "cannot read \"" + cell.text + "\" as a number", 
                unlike_training_hint(cell.text, *builder.manner().style) + first_line_advice(place, cell.row));
  }
  if (texts > 0) return builder.needs_texts() ? Typing::read_again : Typing::texts;
  const NamedCell& cell = builder.first_out_of_range();
  if (cell.row != NamedCell::kNone) throw_out_of_range(cell, place.table->line(cell.row), place);
  const bool closer = numbers > 0 && builder.manner().style == nullptr && (doubtful || builder.loses_digits());
  return closer ? Typing::read_again : Typing::numeric;
}

}  // namespace chainrule::data
