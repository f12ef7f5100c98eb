// Steps, passes by hand and predictions allocate nothing and take no lock: malloc and pthread_mutex_lock are counted.
#include <gtest/gtest.h>

// Interposition needs a dynamically linked glibc and nobody else who interposes.
#if defined(__GLIBC__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

#include "engine/cpu/cpu_plan.h"
#include "engine/cpu/random_network.h"

namespace {
std::atomic<bool> counting{false};
std::atomic<long> allocations{0}, locks{0};

void count(std::atomic<long>& events) {
  if (counting.load(std::memory_order_relaxed)) ++events;
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);

void* malloc(std::size_t size) {
  count(allocations);
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  count(allocations);
  return __libc_calloc(number, size);
}
void* realloc(void* memory, std::size_t size) {
  count(allocations);
  return __libc_realloc(memory, size);
}
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Function = int (*)(pthread_mutex_t*);
  static Function next = nullptr;
  if (next == nullptr) next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  count(locks);
  return next(mutex);
}
}

namespace chainrule::engine {
namespace {

TEST(Allocation, CountersSeeAnAllocationAndALock) {
  std::mutex mutex;
  counting = true;
  std::free(std::malloc(10));
  delete new int(5);
  mutex.lock();
  mutex.unlock();
  counting = false;
  EXPECT_GE(allocations.exchange(0), 1);
  EXPECT_GE(locks.exchange(0), 1);
}

TEST(Allocation, StepsPassesAndPredictionsAllocateNothingAndTakeNoLock) {
  for (std::uint32_t number = 0; number < 60; ++number) {
    const testing::RandomNetwork random = testing::random_network(number);
    const testing::RandomData data = testing::random_data(random, random.max_batch + 60, number);
    const auto make = number % 4 == 3 ? make_alternating_plan : make_cpu_plan;
    auto plan = make(random.network, random.training, {EngineKind::cpu, 1 + static_cast<int>(number % 3), random.max_batch});
    plan->load(Part::parameters, testing::random_parameters(random.network, number));
    std::vector<std::uint32_t> rows(random.max_batch);
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::uint32_t>(r);
    std::vector<float> outputs(data.samples.rows * random.network.outputs()), dx(rows.size() * random.network.inputs);
    const OptimizerSpec& optimizer = random.training.optimizer;
    const StepControl control{1, 1,
                              math::update_constants(optimizer, 1, optimizer.learning_rate, optimizer.weight_decay)};
    counting = true;
    plan->step(data.samples, rows, control);
    plan->forward(data.samples, rows, Mode::train, control);
    plan->loss(data.samples, rows);
    plan->backward({}, dx);
    plan->update(control);
    plan->predict(data.x.data(), data.samples.rows, true, outputs.data());
    plan->predict(data.x.data(), 1, false, outputs.data());
    counting = false;
    ASSERT_EQ(allocations.exchange(0), 0) << "network " << number;
    ASSERT_EQ(locks.exchange(0), 0) << "network " << number;
  }
}

}  // namespace
}  // namespace chainrule::engine

#endif
