// CsvReader's columns: how they begin to be read, and what they become.
#include "data/csv_reader.h"
#include "files/interruption.h"

namespace chainrule::data {

// What the options say about marks and dates goes before what the model learned, and is told.
void CsvReader::apply_given_marks() {
  const auto thousands = thousands_mark(options_.thousands);
  const auto order = date_order_named(options_.date_order);
  std::size_t changed = 0;
  styles_.resize(uses_.size());
  for (std::size_t c = 0; c < uses_.size(); ++c) {
    if (!uses_[c].style) continue;
    styles_[c] = *uses_[c].style;
    NumberStyle& number = styles_[c].number;
    DateStyle& date = styles_[c].date;
    if (!options_.decimal.empty()) number.decimal = options_.decimal[0];
    if (thousands && !(number.grouping == Grouping::indian && options_.thousands == ",")) number.grouping = thousands->grouping;
    if (thousands && thousands->decimal != 0) number.decimal = thousands->decimal;
    if (number.grouping == Grouping::indian && number.decimal == ',') number.grouping = Grouping::mark;
    if (order && !date.named && date.order != DateOrder::ymd) date.order = *order;
    changed += styles_[c] == *uses_[c].style ? 0 : 1;
  }
  if (changed == 0) return;
  table_.notes.push_back("warning: " + std::to_string(changed) + (changed == 1 ? " column is" : " columns are") +
                         " read by the marks given with --decimal, --thousands or --date-order, not as the model learned " + (changed == 1 ? "it" : "them"));
}

// Its style is known before its cells are seen.
bool CsvReader::known(std::size_t c) const noexcept {
  return !uses_.empty() && uses_[c].use == ColumnUse::typed && uses_[c].style && wishes_[c] != ColumnWish::categorical;
}

ColumnManner CsvReader::manner_of(std::size_t c) const {
  ColumnManner manner{wishes_[c], dialect_.decimal};
  const ColumnUse use = uses_.empty() || wishes_[c] == ColumnWish::dropped ? ColumnUse::typed : uses_[c].use;
  if (use != ColumnUse::typed) {
    manner.wish = use == ColumnUse::texts ? ColumnWish::categorical : ColumnWish::numeric;
  } else if (known(c)) {
    const NumberStyle& style = styles_[c].number;
    const bool date = uses_[c].type == ColumnType::date;
    manner = date ? ColumnManner{ColumnWish::categorical} : ColumnManner{ColumnWish::numeric, style.decimal, &style};
  } else if (c < dialect_.columns.size()) {
    const ColumnGlance& glance = dialect_.columns[c];
    const bool comma = glance.plain_commas > 0 && glance.points == 0 && glance.three_points == 0;
    if (comma && (dialect_.styles.numbers & styles_with_decimal(',')) != 0) manner.decimal = ',';
    manner.watched = labels_[c];
    if (groups_[c] || glance.leading_zero) manner.wish = ColumnWish::categorical;
  }
  return manner;
}

void CsvReader::start_builders(std::size_t bytes) {
  builders_.clear();
  builders_.reserve(wishes_.size());
  for (std::size_t c = 0; c < wishes_.size(); ++c) builders_.emplace_back(manner_of(c), bytes / wishes_.size());
}

// Numbers read with a decimal point, of which every point may stand between thousands as well: then their texts must be seen.
bool CsvReader::needs_closer_look(std::size_t c) {
  const ColumnBuilder& builder = builders_[c];
  const bool open = builder.manner().decimal == '.' && builder.manner().wish != ColumnWish::categorical && !known(c) &&
                    (dialect_.styles.numbers & styles_with_decimal(',')) != 0 && c < dialect_.columns.size();
  if (!open) return false;
  const ColumnGlance& glance = dialect_.columns[c];
  if (!glance.doubtful() && (builder.whole() || glance.points > 0)) return false;
  const ThousandthsCount count = count_thousandths(builder.values());
  if (!count.all) return false;
  const bool alone = glance.doubtful() && glance.whole == 0 && count.whole * 200 <= count.values;  // some are 5.000
  if (!alone || count.values < 200 || dialect_.styles.file_mark == ',') return true;
  if (dialect_.styles.file_mark == 0) likely_points_.push_back({place_of(c).column(), *glance.three_cell});
  return false;
}

void CsvReader::note_likely_points() {
  if (likely_points_.empty()) return;
  std::string columns;
  for (const DoubtfulPoint& point : likely_points_) columns += (columns.empty() ? "" : ", ") + point.column;
  table_.notes.push_back(columns + ": three digits behind every point, as in \"" + likely_points_[0].cell +
                         "\": read as decimals; if they are thousands, give --thousands .");
  likely_points_.clear();
}

void CsvReader::finish_columns(std::string_view text, CsvScanner::Part part) {
  std::vector<Typing> typings(names_.size(), Typing::texts);
  std::vector<std::size_t> again;
  for (std::size_t c = 0; c < names_.size(); ++c) {
    end_if_asked(options_.stop, table_.source);
    if (wishes_[c] == ColumnWish::dropped) continue;
    typings[c] = choose_typing(builders_[c], place_of(c), builders_[c].texts() == 0 && needs_closer_look(c));
    if (typings[c] == Typing::read_again) again.push_back(c);
  }
  CsvScanner second_scanner(text, dialect_.separator, part);
  if (!again.empty()) read_again(again, second_scanner, text);
  table_.file_columns = names_.size();
  table_.columns.reserve(names_.size());
  for (std::size_t c = 0; c < names_.size(); ++c) {
    end_if_asked(options_.stop, table_.source);
    if (wishes_[c] != ColumnWish::dropped) finish_column(c, typings[c]);
  }
  note_likely_points();
}

void CsvReader::finish_column(std::size_t c, Typing typing) {
  const bool numeric = typing == Typing::numeric;
  Column column = numeric ? builders_[c].take_numbers(names_[c]) : builders_[c].take_texts(names_[c]);
  const char decimal = builders_[c].manner().decimal;
  builders_[c] = ColumnBuilder(ColumnManner{});  // its memory serves the columns to come
  column.number = c;
  const bool open = wishes_[c] != ColumnWish::categorical && (uses_.empty() || uses_[c].use == ColumnUse::typed);
  if (numeric && open && !known(c) && decimal == ',' && options_.decimal.empty()) {
    const std::shared_ptr<const std::string>& shown = dialect_.columns[c].comma_cell;
    const std::string cell = shown ? *shown : "";
    table_.notes.push_back(place_of(c).column() + ": decimal mark: comma (detected), \"" + cell + "\" is " + number_in_words(cell, decimal));
  }
  if (!numeric && open && known(c)) {
    finish_dates(column, place_of(c), styles_[c].date);
  } else if (!numeric && open) {
    const TextRules rules{wishes_[c], dialect_.styles, !options_.decimal.empty(), groups_[c], &likely_points_, counts_.empty() ? nullptr : &counts_[c]};
    finish_texts(column, place_of(c), rules, table_.notes);
  }
  if (numeric && open && !known(c) && !options_.thousands.empty()) column.style->number = dialect_.styles.first();
  if (open && known(c)) column.style = uses_[c].style;  // as learned, whatever was given instead
  table_.columns.push_back(std::move(column));
}

}  // namespace chainrule::data
