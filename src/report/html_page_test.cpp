// Tests of the shell of HTML reports.
#include "report/html_page.h"

#include <gtest/gtest.h>

namespace chainrule::report {
namespace {

bool page_has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(HtmlPage, HostileTextStaysText) {
  const std::string nasty = "<script>\"a\" & 'b'\x01</script>";
  EXPECT_EQ(escaped(nasty), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;\\x01&lt;/script&gt;");
  const std::string page = html_page({nasty, nasty, section(nasty, paragraph(nasty) + code_block(nasty) + table({{nasty}, {{nasty}}}) +
                                                             figure("", nasty) + pairs({{nasty, nasty}})), ""});
  EXPECT_FALSE(page_has(page, "<script>"));
}

TEST(HtmlPage, LoadsNothingFromElsewhere) {
  const std::string page = html_page({"t", "l", "<p>b</p>", "p{}"});
  EXPECT_FALSE(page_has(page, "http://"));
  EXPECT_FALSE(page_has(page, "https://"));
  EXPECT_FALSE(page_has(page, "src="));
  EXPECT_TRUE(page_has(page, "default-src 'none'"));
  EXPECT_TRUE(page_has(page, "prefers-color-scheme:dark"));
  EXPECT_TRUE(page_has(page, "<p>b</p>"));
}

TEST(HtmlPage, TableAlignsAndMarksCells) {
  const std::string html = table({{"name", ">value"}, {{"a", "1"}, {"!bad lost", "!good kept"}}});
  EXPECT_TRUE(page_has(html, "<th scope=\"col\" class=\"right\">value</th>"));
  EXPECT_TRUE(page_has(html, "<td class=\"right\">1</td>"));
  EXPECT_TRUE(page_has(html, "<span class=\"bad\">lost</span>"));
  EXPECT_TRUE(page_has(html, "<span class=\"good\">kept</span>"));
}

}  // namespace
}  // namespace chainrule::report
