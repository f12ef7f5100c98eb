// Inside a process: one row in, one answer out, without any allocation; and the time it takes.
#include <chainrule/error.h>
#include <chainrule/model.h>
#include <chainrule/train.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

namespace {

std::size_t allocations = 0;

}  // namespace

// Every allocation of the program is counted.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

int main() try {
  // Points inside and outside a circle, as a table in memory.
  std::vector<double> values;
  unsigned state = 3;
  const auto random = [&] { return static_cast<double>((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23 - 1; };
  for (int i = 0; i < 1000; ++i) {
    const double x = random(), y = random();
    values.insert(values.end(), {x, y, x * x + y * y < 0.6 ? 1.0 : 0.0});
  }
  const chainrule::Table table = chainrule::Table::from_matrix(values.data(), 1000, {"x", "y", "inside"});
  chainrule::TrainSettings settings;
  settings.target = "inside";
  settings.hidden = {32, 32};
  settings.epochs = 40;
  settings.training.optimizer = chainrule::default_optimizer("adamw");
  settings.training.optimizer.learning_rate = 0.01;
  settings.out = "circle_run";
  settings.force = true;  // start over when the example has run before
  const chainrule::TrainResult result = chainrule::train(table, settings);

  chainrule::PlanOptions options;
  options.threads = 1;
  options.max_batch = 1;
  chainrule::Model model = chainrule::Model::load(result.folder, options);
  const std::vector<float> row = {0.1f, -0.2f};  // in feature space: already centred and scaled
  std::vector<float> logits(2);
  model.predict_inputs(row, logits);

  constexpr int kCalls = 100000;
  const std::size_t before = allocations;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kCalls; ++i) model.predict_inputs(row, logits);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::size_t made = allocations - before;
  std::printf("accuracy %.3f; logits %.2f %.2f; %.2f us per row, %zu allocations in %d calls\n",
              result.validation.accuracy, static_cast<double>(logits[0]), static_cast<double>(logits[1]),
              seconds / kCalls * 1e6, made, kCalls);
  return result.validation.accuracy > 0.9 && logits[1] > logits[0] && made == 0 ? 0 : 1;
} catch (const chainrule::Error& error) {
  std::printf("%s\nhint: %s\n", error.what(), error.hint().c_str());
  return 1;
}
