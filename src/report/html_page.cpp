// The shell of every HTML report and the few parts they are built of.
#include "report/html_page.h"

#include "base/shown_text.h"

namespace chainrule::report {
namespace {

// Colours are said once, for light and for dark paper; everything else refers to them. Wide parts scroll by themselves.
constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--accent:#0b5cad;
--good:#1a7f37;--warn:#8a5a00;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e6e9ec;--soft:#9aa4ae;--line:#343b43;--panel:#1d2226;--accent:#6cb6ff;
--good:#57c46f;--warn:#e3b341;--bad:#ff7b72}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--line)}
.lead{font-size:1.05rem;color:var(--soft);margin:.2rem 0 1rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--soft);text-align:left;border-bottom:2px solid var(--line)}
td{border-bottom:1px solid var(--line);vertical-align:top}
th,td{padding:.3rem .9rem .3rem 0}
.right{text-align:right}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem;overflow-x:auto;font-size:.9rem}
figure{margin:1rem 0;overflow-x:auto}
figcaption{color:var(--soft);font-size:.92rem;margin-top:.3rem}
svg{max-width:100%;height:auto}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:.6rem 0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.good{color:var(--good);font-weight:600}
.warn{color:var(--warn);font-weight:600}
.bad{color:var(--bad);font-weight:600}
@media(max-width:36rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
@media print{body{font-size:11pt}main{max-width:none}}
)css";

std::string cell(std::string_view text) {
  for (const std::string_view kind : {"good", "warn", "bad"}) {
    const std::string mark = "!" + std::string(kind) + " ";
    if (text.substr(0, mark.size()) != mark) continue;
    return "<span class=\"" + std::string(kind) + "\">" + escaped(text.substr(mark.size())) + "</span>";
  }
  return escaped(text);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  for (const char c : printable(text, "\n\t")) {
    if (c == '&') html += "&amp;";
    else if (c == '<') html += "&lt;";
    else if (c == '>') html += "&gt;";
    else if (c == '"') html += "&quot;";
    else if (c == '\'') html += "&#39;";
    else html += c;
  }
  return html;
}

std::string html_page(const Page& page) {
  std::string html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n";
  html += "<title>" + escaped(page.title) + "</title>\n<style>" + std::string(kStyle) + page.style + "</style>\n</head>\n<body>\n<main>\n";
  html += "<h1>" + escaped(page.title) + "</h1>\n";
  if (!page.lead.empty()) html += "<p class=\"lead\">" + escaped(page.lead) + "</p>\n";
  return html + page.body + "</main>\n</body>\n</html>\n";
}

std::string section(std::string_view heading, std::string_view content) {
  return "<section>\n<h2>" + escaped(heading) + "</h2>\n" + std::string(content) + "</section>\n";
}

std::string paragraph(std::string_view text) { return "<p>" + escaped(text) + "</p>\n"; }

std::string code_block(std::string_view text) { return "<pre><code>" + escaped(text) + "</code></pre>\n"; }

std::string table(const PageTable& table) {
  std::vector<std::string> align;
  std::string html = "<div class=\"scroll\"><table>\n<thead><tr>";
  for (const std::string& name : table.header) {
    const bool right = !name.empty() && name[0] == '>';
    align.push_back(right ? " class=\"right\"" : "");
    html += "<th scope=\"col\"" + align.back() + ">" + escaped(std::string_view(name).substr(right)) + "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) html += "<td" + (c < align.size() ? align[c] : std::string()) + ">" + cell(row[c]) + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

std::string figure(std::string_view svg, std::string_view caption) {
  return "<figure>\n" + std::string(svg) + "\n<figcaption>" + escaped(caption) + "</figcaption>\n</figure>\n";
}

std::string pairs(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string html = "<dl>\n";
  for (const auto& [name, value] : entries) html += "<dt>" + escaped(name) + "</dt><dd>" + cell(value) + "</dd>\n";
  return html + "</dl>\n";
}

}  // namespace chainrule::report
