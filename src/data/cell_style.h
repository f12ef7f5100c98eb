// How the cells of one column are written: decided once for the whole column, and kept with what was learned from it.
#pragma once

#include "data/dates.h"
#include "data/number_style.h"

namespace chainrule::data {

/// The part that the column's type calls for counts.
struct CellStyle {
  NumberStyle number;
  DateStyle date;

  bool operator==(const CellStyle&) const = default;
};

}  // namespace chainrule::data
