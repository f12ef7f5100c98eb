// Parts of a CSV text end where records end; what is left over begins the next part.
#include "data/table_stream.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/start_threads.h"
#include "chainrule/error.h"
#include "data/arriving_text.h"
#include "data/encoding.h"
#include "data/idx_folder.h"
#include "data/npy_array.h"
#include "data/reader.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kWholeBytes = std::size_t{4} << 20;  // no more than this is one part, so that its faults come before any answer
constexpr std::size_t kPartBytes = std::size_t{1} << 20;   // its numbers and inputs stay near the L2 cache

bool is_text(std::string_view bytes, const std::string& source) {
  if (looks_like_npy(bytes) || looks_like_zip(bytes) || looks_like_idx(bytes)) return false;
  refuse_known_kinds(bytes, source);
  return true;
}

// A record larger than a part gets twice the room, but none beyond what a record may have.
std::size_t more_than(std::size_t left) noexcept {
  if (left < kPartBytes) return kPartBytes - left;
  return std::min(left, kLongestRecord + 1 - std::min(left, kLongestRecord));
}

TextEncoding encoding_for(const ReadOptions& options, const KnownTable& known) {
  return {options.encoding, known.text ? known.text->reading.encoding : ""};
}

}  // namespace

Table read_table(const std::string& path, const ReadOptions& options, const KnownTable& known, SourceDigest* digest) {
  if (path != "-" && is_folder(path)) return read_table(path, options, digest);
  std::size_t bytes_read = 0;
  return within_memory(path == "-" ? "stdin" : path, bytes_read, [&] {
    const Input input = read_text_input(path, {options.stop, &bytes_read, digest}, encoding_for(options, known));
    if (!is_text(input.bytes, input.source)) return read_bytes(input.bytes, input.source, options);
    CsvReader reader(input.source, options, &best_field_kernels(), known.text ? &*known.text : nullptr);
    const std::size_t begin = *reader.open(input.bytes);
    reader.set_uses(known.uses(reader.header()));
    std::size_t taken = 0;
    Table table = reader.read_part(std::string_view(input.bytes).substr(begin), true, taken);
    reader.finish_parts();
    table.notes.insert(table.notes.begin(), input.notes.begin(), input.notes.end());
    return table;
  });
}

// Reading a pipe may wait for ever, and nothing can end that wait: only files are read ahead.
TableStream::TableStream(const std::string& path, const ReadOptions& options, KnownTable known, bool read_ahead)
    : options_(options), known_(std::move(known)), source_(path == "-" ? "stdin" : path), read_ahead_(read_ahead && path != "-" && is_regular_file(path)) {
  within_memory(source_, bytes_read_, [&] {
    open(path);
    return Table{};
  });
}

void TableStream::open(const std::string& path) {
  if (path != "-" && is_folder(path)) {
    whole_ = read_table(path, options_);
    return;
  }
  InputOptions how;
  how.stop = options_.stop;
  how.bytes_read = &bytes_read_;
  stream_.reset(new ByteStream(open_stream(path, how)));
  text_source_ = std::make_unique<DecodedStream>(*stream_, encoding_for(options_, known_));
  read_more(kWholeBytes);
  if (last_ ? is_text({text_.data(), end_}, source_) : is_text_so_far({text_.data(), std::min(end_, kFirstBytes)}, source_)) {
    while (!open_parts()) read_more(more_than(end_));
    return;
  }
  for (; !last_; read_more(std::max(kWholeBytes, end_))) check_collected(source_, end_);
  whole_ = read_bytes({text_.data(), end_}, source_, options_);
  const std::string note = unpacking_note(*stream_);
  if (!note.empty()) whole_->notes.insert(whole_->notes.begin(), note);
}

bool TableStream::open_parts() {
  reader_.emplace(source_, options_, &best_field_kernels(), known_.text ? &*known_.text : nullptr);
  const std::optional<std::size_t> taken = reader_->open({text_.data(), end_}, last_);
  if (!taken) {
    check_open_record();
    return false;
  }
  begin_ = *taken;
  notes_ = text_source_->notes();
  reader_->set_uses(known_.uses(reader_->header()));
  return true;
}

// Moves what is left to the front and reads behind it until `size` bytes lie ready.
void TableStream::read_more(std::size_t size) {
  std::copy(text_.begin() + static_cast<std::ptrdiff_t>(begin_), text_.begin() + static_cast<std::ptrdiff_t>(end_), text_.begin());
  end_ -= begin_;
  begin_ = 0;
  if (text_.size() < end_ + size) text_.resize(end_ + size);
  const std::size_t wanted = end_ + size;
  while (end_ < wanted) {
    const std::size_t count = text_source_->read(text_.data() + end_, wanted - end_);
    last_ = count == 0;
    if (last_) return;
    end_ += count;
  }
}

// What is left holds no whole record: bytes that no text has must not be collected until the record ends.
void TableStream::check_open_record() const {
  const std::string_view left(text_.data() + begin_, end_ - begin_);
  const std::uint64_t line = reader_->next_line();
  if (left.find('\0') != std::string_view::npos) check_utf8(left, source_, line, options_.stop);
  if (left.size() > kLongestRecord) throw_long_record(source_, line);
}

// False where the system gives no thread for it.
bool TableStream::start_reading() {
  try {
    ahead_ = std::async(std::launch::async, [this] { return read_next(); });
  } catch (const std::system_error&) {
    note_thread_shortage(2, 1);
    read_ahead_ = false;
  }
  return read_ahead_;
}

std::optional<Table> TableStream::next() {
  if (!read_ahead_ || whole_) return read_next();
  if (!ahead_.valid() && !start_reading()) return read_next();
  std::optional<Table> part = ahead_.get();
  if (part) start_reading();
  return part;
}

std::optional<Table> TableStream::read_next() {
  if (whole_) return std::exchange(whole_, std::nullopt);
  std::optional<Table> part;
  within_memory(source_, bytes_read_, [&] {
    part = read_part();
    return Table{};
  });
  return part;
}

std::optional<Table> TableStream::read_part() {
  while (reader_ && !done_) {
    std::size_t taken = 0;
    Table part = reader_->read_part({text_.data() + begin_, end_ - begin_}, last_, taken);
    begin_ += taken;
    done_ = last_;
    const std::size_t left = end_ - begin_;
    if (taken == 0 && !last_) check_open_record();
    if (done_) reader_->finish_parts();
    else read_more(more_than(left));
    part.notes.insert(part.notes.begin(), notes_.begin(), notes_.end());
    notes_.clear();
    if (part.rows > 0) return part;
    notes_ = std::move(part.notes);
  }
  return std::nullopt;
}

}  // namespace chainrule::data
