// Zeroed arrays that start on a cache line (big ones on a huge page), for everything vector code touches.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace chainrule {

/// Fixed size, zeroed, 64-byte aligned. Arrays of 2 MiB and more come straight from the system, so pages nobody touches
/// cost nothing, and ask for huge pages. Throws std::bad_alloc.
template <class T>
class AlignedBuffer {
  static_assert(std::is_trivial_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : size_(size) {
    if (size == 0) return;
    if (size > (static_cast<std::size_t>(-1) >> 1) / sizeof(T)) throw std::bad_alloc();
    bytes() >= kHugePage ? map() : allocate();
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept { swap(other); }
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~AlignedBuffer() {
    if (mapped_ != 0) {
      munmap(base_, mapped_);
    } else {
      std::free(base_);
    }
  }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  std::span<T> span() noexcept { return {data_, size_}; }
  std::span<const T> span() const noexcept { return {data_, size_}; }

 private:
  static constexpr std::size_t kLine = 64, kHugePage = std::size_t{2} << 20;

  std::size_t bytes() const { return size_ * sizeof(T); }

  void allocate() {
    const std::size_t rounded = (bytes() + kLine - 1) / kLine * kLine;
    base_ = std::aligned_alloc(kLine, rounded);
    if (base_ == nullptr) throw std::bad_alloc();
    std::memset(base_, 0, rounded);
    data_ = static_cast<T*>(base_);
  }

  void map() {
    const std::size_t rounded = (bytes() + kHugePage - 1) / kHugePage * kHugePage;
    mapped_ = rounded + kHugePage;
    base_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::size_t>(base_);
    char* aligned = static_cast<char*>(base_) + ((address + kHugePage - 1) / kHugePage * kHugePage - address);
#ifdef MADV_HUGEPAGE
    madvise(aligned, rounded, MADV_HUGEPAGE);  // advice only: a refusal changes nothing but speed
#endif
    data_ = reinterpret_cast<T*>(aligned);
  }

  void swap(AlignedBuffer& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(mapped_, other.mapped_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  void* base_ = nullptr;
  std::size_t mapped_ = 0;
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace chainrule
