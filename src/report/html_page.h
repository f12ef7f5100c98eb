// A self-contained HTML page: light and dark, no external resource, no script; reports put their own parts into it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chainrule::report {

/// `text` as the content of an element or of a quoted attribute; what must not be shown (base/shown_text.h) becomes \xNN.
std::string escaped(std::string_view text);

/// `body` is HTML made of the parts below and of escaped() text; title and lead are plain text.
struct Page {
  std::string title;
  std::string lead;   ///< one or two sentences under the title; may be empty
  std::string body;
  std::string style;  ///< CSS of this page, after the shell's own; may be empty
};
std::string html_page(const Page& page);

/// A section with a heading; `content` is HTML.
std::string section(std::string_view heading, std::string_view content);
/// Plain text as a paragraph.
std::string paragraph(std::string_view text);
/// A command or a code listing in its own box, plain text.
std::string code_block(std::string_view text);

/// Plain-text cells under a header; a column is right-aligned when its header starts with '>'. A cell that starts with "!good ", "!warn " or
/// "!bad " is shown as a badge of that colour.
struct PageTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};
std::string table(const PageTable& table);

/// A figure: `svg` is markup (not escaped), `caption` plain text.
std::string figure(std::string_view svg, std::string_view caption);

/// Pairs of a name and its value, as a list of definitions.
std::string pairs(const std::vector<std::pair<std::string, std::string>>& entries);

}  // namespace chainrule::report
