// Writes plots as SVG.
#include "report/svg_plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/shown_text.h"
#include "report/svg_contour.h"
#include "report/svg_scale.h"

namespace chainrule::report {
namespace {

constexpr double kLetter = 7.2;  // mean width of a letter of the 12 px labels
constexpr double kLine = 17;     // from one line of text to the next
constexpr double kBarPitch = 24, kBarThick = 13;
constexpr double kRim = 5;
constexpr int kColours = 8;

double shown_letters(std::string_view text) {
  return static_cast<double>(std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::vector<std::string> broken(std::string_view text, double width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string word(text.substr(0, end));
    if (lines.empty() || shown_letters(lines.back()) + 1 + shown_letters(word) > width / kLetter) lines.push_back(word);
    else lines.back() += " " + word;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string attribute(std::string_view name, double value) { return " " + std::string(name) + "=\"" + pixel_text(value) + "\""; }

std::string text_at(double x, double y, std::string_view classes, std::string_view text, std::string_view extra = "") {
  return "<text" + attribute("x", x) + attribute("y", y) + " class=\"" + std::string(classes) + "\"" + std::string(extra) + ">" +
         xml_text(text) + "</text>\n";
}

std::string line_between(double x1, double y1, double x2, double y2, std::string_view classes) {
  return "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) + attribute("y2", y2) + " class=\"" +
         std::string(classes) + "\"/>\n";
}

std::string colour_class(int colour) { return " c" + std::to_string(((colour % kColours) + kColours) % kColours); }

/// One plot being written; pixels count from the upper left corner.
class Writer {
 public:
  Writer(const Plot& plot, double width, double height) : plot_(plot), width_(width) {
    write_titles();
    write_legend();
    top_ = y_ + 14;
    if (plot.bars.empty()) write_area(height);
    else write_bars();
  }

  std::string body() const { return out_; }
  double height() const { return height_; }

 private:
  void write_titles() {
    if (!plot_.title.empty()) out_ += text_at(left_margin(), y_ += 20, "title", plot_.title);
    for (const std::string& line : broken(plot_.subtitle, width_ - left_margin() - 10))
      out_ += text_at(left_margin(), y_ += kLine, "soft", line);
  }

  double left_margin() const {
    if (plot_.bars.empty()) return 64;
    double letters = 0;
    for (const Bar& bar : plot_.bars) letters = std::max(letters, shown_letters(bar.name));
    return std::min(24 + letters * kLetter, width_ * 0.5);
  }

  int colour_of(std::size_t curve) const { return plot_.curves[curve].colour >= 0 ? plot_.curves[curve].colour : static_cast<int>(curve); }

  void write_legend() {
    double x = left_margin();
    bool first = true;
    for (std::size_t i = 0; i < plot_.curves.size(); ++i) {
      const Curve& curve = plot_.curves[i];
      if (curve.name.empty()) continue;
      const double needed = 30 + (shown_letters(curve.name) + 2) * kLetter;
      if (first || x + needed > width_ - 8) x = left_margin(), y_ += kLine;
      first = false;
      out_ += line_between(x, y_ - 4, x + 22, y_ - 4, "curve" + colour_class(colour_of(i)) + (curve.dashed ? " dashed" : ""));
      out_ += text_at(x + 28, y_, "label", curve.name);
      x += needed;
    }
  }

  // ---- plots with two axes
  void write_area(double height) {
    height_ = std::max(height, top_ + 120);
    left_ = left_margin(), right_ = width_ - 16, bottom_ = height_ - 46;
    Range xs(plot_.x.logarithmic), ys(plot_.y.logarithmic);
    collect(xs, ys);
    // Ticks are an axis's own: about one for every 90 pixels across and 55 upwards.
    const Scale x(plot_.x, xs, left_, right_, static_cast<std::size_t>((right_ - left_) / 90));
    const Scale y(plot_.y, ys, bottom_, top_, static_cast<std::size_t>((bottom_ - top_) / 55));
    write_grid(x, y);
    open_viewport(0);
    write_field(x, y);
    if (std::isfinite(plot_.reference))
      out_ += line_between(left_, y.pixel(plot_.reference), right_, y.pixel(plot_.reference), "reference");
    for (std::size_t i = 0; i < plot_.curves.size(); ++i) write_interval(plot_.curves[i], x, y, colour_of(i));
    out_ += "</svg>\n";
    open_viewport(kRim);  // room for the marks that stand on an axis
    for (std::size_t i = 0; i < plot_.curves.size(); ++i) write_curve(plot_.curves[i], x, y, colour_of(i));
    for (const Mark& mark : plot_.marks) write_mark(mark, x, y);
    out_ += "</svg>\n";
  }

  /// Clips what leaves the axes by more than `rim`.
  void open_viewport(double rim) {
    const double x0 = left_ - rim, y0 = top_ - rim, across = right_ - left_ + 2 * rim, down = bottom_ - top_ + 2 * rim;
    out_ += "<svg" + attribute("x", x0) + attribute("y", y0) + attribute("width", across) + attribute("height", down) + " viewBox=\"" +
            pixel_text(x0) + " " + pixel_text(y0) + " " + pixel_text(across) + " " + pixel_text(down) + "\">\n";
  }

  void collect(Range& xs, Range& ys) const {
    for (const Curve& curve : plot_.curves) {
      for (const double v : curve.x) xs.add(v);
      for (const auto* values : {&curve.y, &curve.low, &curve.high}) {
        for (const double v : *values) ys.add(v);
      }
    }
    if (!plot_.field.values.empty()) {
      xs.add(plot_.field.x_low), xs.add(plot_.field.x_high);
      ys.add(plot_.field.y_low), ys.add(plot_.field.y_high);
    }
    for (const Mark& mark : plot_.marks) xs.add(mark.x), ys.add(mark.y);
    ys.add(plot_.reference);
  }

  void write_grid(const Scale& x, const Scale& y) {
    for (const Tick& tick : x.ticks()) {
      const double at = x.pixel(tick.value);
      out_ += line_between(at, top_, at, bottom_, "grid") + text_at(at, bottom_ + 17, "label middle", tick.text);
    }
    for (const Tick& tick : y.ticks()) {
      const double at = y.pixel(tick.value);
      out_ += line_between(left_, at, right_, at, "grid") + text_at(left_ - 7, at + 4, "label end", tick.text);
    }
    out_ += line_between(left_, bottom_, right_, bottom_, "axis");
    if (!plot_.x.label.empty()) out_ += text_at((left_ + right_) / 2, bottom_ + 37, "label middle", plot_.x.label);
    const double middle = (top_ + bottom_) / 2;
    if (!plot_.y.label.empty()) {
      out_ += text_at(14, middle, "label middle", plot_.y.label, " transform=\"rotate(-90 14 " + pixel_text(middle) + ")\"");
    }
  }

  void write_field(const Scale& x, const Scale& y) {
    if (plot_.field.values.empty()) return;
    for (const double level : contour_levels(plot_.field)) {
      std::string d;
      for (const ContourLine& line : contour_lines(plot_.field, level)) {
        for (std::size_t i = 0; i < line.size(); ++i) {
          d += (i == 0 ? "M" : "L") + pixel_text(x.pixel(line[i].first)) + " " + pixel_text(y.pixel(line[i].second));
        }
      }
      if (!d.empty()) out_ += "<path class=\"contour\" d=\"" + d + "\"/>\n";
    }
  }

  void write_interval(const Curve& curve, const Scale& x, const Scale& y, int colour) {
    if (curve.low.size() != curve.x.size() || curve.high.size() != curve.x.size()) return;
    const auto usable = [&](std::size_t i) { return x.shows(curve.x[i]) && y.shows(curve.low[i]) && y.shows(curve.high[i]); };
    std::string forward, backward;
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      if (!usable(i)) continue;
      const double at = x.pixel(curve.x[i]), low = y.pixel(curve.low[i]), high = y.pixel(curve.high[i]);
      if (curve.whiskers) {
        for (const auto& [a, b, c, d] :
             {std::array{at, low, at, high}, std::array{at - 4, low, at + 4, low}, std::array{at - 4, high, at + 4, high}})
          out_ += line_between(a, b, c, d, "whisker" + colour_class(colour));
      }
      forward += (forward.empty() ? "M" : "L") + pixel_text(at) + " " + pixel_text(high);
      backward = "L" + pixel_text(at) + " " + pixel_text(low) + backward;
    }
    if (!curve.whiskers && !forward.empty())
      out_ += "<path class=\"band" + colour_class(colour) + "\" d=\"" + forward + backward + "Z\"/>\n";
  }

  void write_curve(const Curve& curve, const Scale& x, const Scale& y, int colour) {
    std::string d, dots, first, last;
    bool drawing = false;
    for (std::size_t i = 0; i < std::min(curve.x.size(), curve.y.size()); ++i) {
      if (!x.shows(curve.x[i]) || !y.shows(curve.y[i])) {
        drawing = false;
        continue;
      }
      const double px = x.pixel(curve.x[i]), py = y.pixel(curve.y[i]);
      d += (drawing ? "L" : "M") + pixel_text(px) + " " + pixel_text(py);
      drawing = true;
      last = attribute("cx", px) + attribute("cy", py);
      if (first.empty()) first = last;
      if (curve.dots) dots += "<circle" + last + " r=\"3\" class=\"dot" + colour_class(colour) + "\"/>\n";
    }
    if (d.empty()) return;
    out_ += "<path class=\"curve" + colour_class(colour) + (curve.dashed ? " dashed" : "") + "\" d=\"" + d + "\"/>\n" + dots;
    if (curve.ends) {
      out_ += "<circle" + first + " r=\"4\" class=\"ring" + colour_class(colour) + "\"/>\n<circle" + last + " r=\"4\" class=\"dot" +
              colour_class(colour) + "\"/>\n";
    }
  }

  void write_mark(const Mark& mark, const Scale& x, const Scale& y) {
    const double px = x.pixel(mark.x), py = y.pixel(mark.y);
    out_ += line_between(px - 5, py - 5, px + 5, py + 5, "mark") + line_between(px - 5, py + 5, px + 5, py - 5, "mark");
    const bool near_edge = px + 10 + shown_letters(mark.text) * kLetter > right_;
    if (!mark.text.empty()) out_ += text_at(near_edge ? px - 9 : px + 9, py - 6, near_edge ? "label end halo" : "label halo", mark.text);
  }

  // ---- bars
  void write_bars() {
    left_ = left_margin(), right_ = width_ - 16, bottom_ = top_ + kBarPitch * static_cast<double>(plot_.bars.size());
    height_ = bottom_ + 46;
    double notes = 0;
    for (const Bar& bar : plot_.bars) notes = std::max(notes, shown_letters(bar.note));
    const double end = right_ - (notes > 0 ? notes * kLetter + 8 : 0);
    Range values(plot_.x.logarithmic);
    for (const Bar& bar : plot_.bars) values.add(bar.value), values.add(bar.low), values.add(bar.high);
    values.add(plot_.reference);
    const Scale x(plot_.x, values, left_, end, static_cast<std::size_t>((end - left_) / 90));
    for (const Tick& tick : x.ticks()) {
      const double at = x.pixel(tick.value);
      out_ += line_between(at, top_, at, bottom_, "grid") + text_at(at, bottom_ + 17, "label middle", tick.text);
    }
    out_ += text_at((left_ + end) / 2, bottom_ + 37, "label middle", plot_.x.label);
    for (std::size_t i = 0; i < plot_.bars.size(); ++i) write_bar(plot_.bars[i], top_ + kBarPitch * (static_cast<double>(i) + 0.5), x);
    if (std::isfinite(plot_.reference))
      out_ += line_between(x.pixel(plot_.reference), top_, x.pixel(plot_.reference), bottom_, "reference");
  }

  void write_bar(const Bar& bar, double middle, const Scale& x) {
    out_ += text_at(left_ - 8, middle + 4, "label end", bar.name);
    if (!bar.note.empty()) out_ += text_at(right_, middle + 4, "label end", bar.note);
    if (!x.shows(bar.value)) return;
    // From zero when zero is in sight, else from the axis's end.
    const double from = x.low() < 0 ? x.pixel(0) : x.pixel(x.low()), to = x.pixel(bar.value);
    out_ += "<rect" + attribute("x", std::min(from, to)) + attribute("y", middle - kBarThick / 2) +
            attribute("width", std::abs(to - from)) + attribute("height", kBarThick) + " class=\"bar" + colour_class(bar.colour) + "\"/>\n";
    if (!x.shows(bar.low) || !x.shows(bar.high)) return;
    const double low = x.pixel(bar.low), high = x.pixel(bar.high);
    out_ += line_between(low, middle, high, middle, "error") + line_between(low, middle - 4, low, middle + 4, "error") +
            line_between(high, middle - 4, high, middle + 4, "error");
  }

  const Plot& plot_;
  double width_, height_ = 0, y_ = 4;
  double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
  std::string out_;
};

constexpr std::string_view kPlotStyle = R"(
.plot { --paper:#fff; --ink:#1d2430; --soft:#566070; --grid:#e4e8ee; --contour:#a9b4c4;
  --c0:#1f66b0; --c1:#c8501e; --c2:#00805f; --c3:#9a4aa0; --c4:#a06e00; --c5:#0e7f9e; --c6:#b3243c; --c7:#5f6670;
  font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) .plot, svg.plot:root { --paper:#14181f; --ink:#e8ecf2; --soft:#a3adbb;
  --grid:#2a313c; --contour:#4d596a;
  --c0:#6cb1f2; --c1:#ff9a62; --c2:#3fd0a4; --c3:#e09ae6; --c4:#f0c04a; --c5:#6fd3ee; --c6:#ff8093; --c7:#b7bec8; } }
[data-theme=dark] .plot { --paper:#14181f; --ink:#e8ecf2; --soft:#a3adbb; --grid:#2a313c; --contour:#4d596a;
  --c0:#6cb1f2; --c1:#ff9a62; --c2:#3fd0a4; --c3:#e09ae6; --c4:#f0c04a; --c5:#6fd3ee; --c6:#ff8093; --c7:#b7bec8; }
.plot .paper { fill:var(--paper); } .plot text { fill:var(--ink); font-size:12px; }
.plot .title { font-size:15px; font-weight:600; } .plot .soft { fill:var(--soft); }
.plot .middle { text-anchor:middle; } .plot .end { text-anchor:end; }
.plot .halo { paint-order:stroke; stroke:var(--paper); stroke-width:3px; }
.plot .grid { stroke:var(--grid); } .plot .axis { stroke:var(--soft); }
.plot .contour { fill:none; stroke:var(--contour); stroke-width:1; }
.plot .reference { stroke:var(--soft); stroke-dasharray:5 4; }
.plot .mark { stroke:var(--ink); stroke-width:2; } .plot .error { stroke:var(--ink); stroke-width:1.4; }
.plot .curve { fill:none; stroke:var(--c); stroke-width:1.8; stroke-linejoin:round; } .plot .dashed { stroke-dasharray:6 4; }
.plot .whisker { stroke:var(--c); stroke-width:1.3; } .plot .band { fill:var(--c); opacity:.16; }
.plot .dot { fill:var(--c); stroke:var(--paper); } .plot .ring { fill:var(--paper); stroke:var(--c); stroke-width:2; }
.plot .bar { fill:var(--c); opacity:.75; }
.plot .c0 { --c:var(--c0); } .plot .c1 { --c:var(--c1); } .plot .c2 { --c:var(--c2); } .plot .c3 { --c:var(--c3); }
.plot .c4 { --c:var(--c4); } .plot .c5 { --c:var(--c5); } .plot .c6 { --c:var(--c6); } .plot .c7 { --c:var(--c7); }
)";

std::string opening(double width, double height, std::string_view title, bool with_style) {
  std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\"" + attribute("width", width) +
                     attribute("height", height) + " viewBox=\"0 0 " + pixel_text(width) + " " + pixel_text(height) + "\">\n<title>" +
                     xml_text(title) + "</title>\n";
  if (with_style) text += "<style>" + std::string(kPlotStyle) + "</style>\n";
  return text + "<rect class=\"paper\"" + attribute("width", width) + attribute("height", height) + "/>\n";
}

}  // namespace

std::string svg_plot(const Plot& plot, double width, double height, bool with_style) {
  const Writer writer(plot, width, height);
  return opening(width, writer.height(), plot.title, with_style) + writer.body() + "</svg>\n";
}

std::string svg_figure(const std::vector<Plot>& plots, std::size_t columns, double width, double height) {
  columns = std::max<std::size_t>(1, std::min(columns, plots.size()));
  std::string body, title;
  double y = 0, tallest = 0;
  for (std::size_t i = 0; i < plots.size(); ++i) {
    const Writer writer(plots[i], width, height);
    if (i % columns == 0) y += tallest, tallest = 0;
    body += "<g transform=\"translate(" + pixel_text(width * static_cast<double>(i % columns)) + " " + pixel_text(y) + ")\">\n" +
            writer.body() + "</g>\n";
    tallest = std::max(tallest, writer.height());
    title += (i == 0 ? "" : "; ") + plots[i].title;
  }
  return opening(width * static_cast<double>(columns), y + tallest, title, true) + body + "</svg>\n";
}

std::string_view svg_style() noexcept { return kPlotStyle; }

std::string xml_text(std::string_view text) {
  std::string safe;
  for (const char c : printable(text, "\n\t")) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

}  // namespace chainrule::report
