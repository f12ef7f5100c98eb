// Chunks of large pages that are handed out from the front to the back, and used again once all of a chunk has come back.
#include "data/cells.h"

#include <cstdint>
#include <mutex>

#include "data/large_pages.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::align_val_t kLargePage{std::size_t{2} << 20};
constexpr std::size_t kFewestBytes = std::size_t{1} << 10;  // less comes from the heap

/// Sizes that share chunks of one kind.
struct Size {
  std::size_t most, chunk;
  std::size_t spare;  ///< chunks kept: parts of a large table follow one another, and the next one writes where the last one was
};
constexpr Size kSmall = {std::size_t{1} << 20, std::size_t{4} << 20, 2}, kMiddle = {std::size_t{8} << 20, std::size_t{32} << 20, 0};

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kShare = false;  // so that the sanitizer sees where each column ends
#else
constexpr bool kShare = true;
#endif

bool is_shared(std::size_t bytes) noexcept { return kShare && bytes >= kFewestBytes && bytes <= kMiddle.most; }

/// At the chunk's own first byte; chunks lie at multiples of their size.
struct Chunk {
  std::size_t used, owners;
  Chunk* next;  ///< of the spare ones
};

class Chunks {
 public:
  explicit Chunks(Size size) : size_(size) {}

  void* take(std::size_t bytes) {
    bytes = (bytes + kLine - 1) / kLine * kLine;
    const std::lock_guard lock(mutex_);
    if (current_ == nullptr || current_->used + bytes > size_.chunk) current_ = next_chunk();
    void* const cells = reinterpret_cast<char*>(current_) + current_->used;
    current_->used += bytes;
    ++current_->owners;
    return cells;
  }

  void give_back(void* cells) noexcept {
    auto* const chunk = reinterpret_cast<Chunk*>(reinterpret_cast<std::uintptr_t>(cells) & ~(size_.chunk - 1));
    const std::lock_guard lock(mutex_);
    if (--chunk->owners != 0) return;
    chunk->used = kLine;
    if (chunk == current_) return;
    if (spares_ == size_.spare) return ::operator delete(chunk, std::align_val_t{size_.chunk});
    chunk->next = spare_;
    spare_ = chunk;
    ++spares_;
  }

 private:
  Chunk* next_chunk() {
    if (spare_ != nullptr) {
      Chunk* const chunk = spare_;
      spare_ = chunk->next;
      --spares_;
      return chunk;
    }
    void* const memory = ::operator new(size_.chunk, std::align_val_t{size_.chunk});
    prefer_large_pages(memory, size_.chunk);
    return new (memory) Chunk{kLine, 0, nullptr};
  }

  const Size size_;
  std::mutex mutex_;
  Chunk* current_ = nullptr;
  Chunk* spare_ = nullptr;
  std::size_t spares_ = 0;
};

// Never taken down: tables of static storage may outlive all else.
Chunks& chunks_for(std::size_t bytes) {
  static Chunks* const small = new Chunks(kSmall);
  static Chunks* const middle = new Chunks(kMiddle);
  return bytes <= kSmall.most ? *small : *middle;
}

}  // namespace

void* take_cells(std::size_t bytes) {
  if (is_shared(bytes)) return chunks_for(bytes).take(bytes);
  if (bytes < kFewestBytes) return ::operator new(bytes);
  void* const cells = ::operator new(bytes, kLargePage);
  prefer_large_pages(cells, bytes);
  return cells;
}

void give_back_cells(void* cells, std::size_t bytes) noexcept {
  if (is_shared(bytes)) return chunks_for(bytes).give_back(cells);
  if (bytes < kFewestBytes) return ::operator delete(cells);
  ::operator delete(cells, kLargePage);
}

}  // namespace chainrule::data
