// From a CSV file to a saved model and its predictions.
#include <chainrule/error.h>
#include <chainrule/model.h>
#include <chainrule/table.h>
#include <chainrule/train.h>

#include <cmath>
#include <cstdio>
#include <fstream>

namespace {

// 1,500 houses: price from area, age and city, with one column that means nothing.
void write_houses(const char* path) {
  std::ofstream file(path);
  file << "area,age,city,number,price\n";
  const char* cities[] = {"Bonn", "Ulm", "Trier"};
  unsigned state = 1;
  const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
  for (int i = 0; i < 1500; ++i) {
    const unsigned area = 30 + random() % 170, age = random() % 100, city = random() % 3;
    const double price = 3000.0 * area - 900.0 * age + 40000.0 * city + 50.0 * area * city;
    file << area << ',' << age << ',' << cities[city] << ',' << random() % 1000 << ',' << std::lround(price) << '\n';
  }
}

}  // namespace

int main() try {
  write_houses("houses.csv");

  chainrule::TrainSettings settings;
  settings.target = "price";
  settings.test = "0.2";
  settings.hidden = {64, 64};
  settings.epochs = 60;
  settings.out = "houses_run";
  settings.force = true;  // start over when the example has run before

  chainrule::TrainHooks hooks;
  hooks.on_event = [](const chainrule::TrainEvent& event) {
    if (event.kind == chainrule::TrainEvent::Kind::epoch && event.epoch % 20 == 0) {
      std::printf("epoch %d: loss %.5f, validation rmse %.0f\n", static_cast<int>(event.epoch), event.loss,
                  event.validation.rmse);
    }
  };
  const chainrule::TrainResult result = chainrule::train("houses.csv", settings, hooks);
  std::printf("test rmse %.0f, r2 %.4f, model %s\n", result.test.rmse, result.test.r2, result.model.c_str());

  // The file alone is enough to predict.
  chainrule::Model model = chainrule::Model::load(result.model);
  const chainrule::Table table = chainrule::Table::read("houses.csv");
  const chainrule::Predictions predictions = model.predict(table);
  std::printf("first house: %.0f\n", static_cast<double>(predictions.values[0]));
  return result.test.r2 > 0.98 && predictions.rows == table.rows() ? 0 : 1;
} catch (const chainrule::Error& error) {
  std::printf("%s\nhint: %s\n", error.what(), error.hint().c_str());
  return 1;
}
