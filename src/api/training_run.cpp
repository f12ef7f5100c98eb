// One training run from prepared data to the files in its folder.
#include "api/training_run.h"

#include <filesystem>
#include <sstream>

#include "api/divergence_files.h"
#include "api/rate_search.h"
#include "api/run_summary.h"
#include "api/setting_text.h"
#include "api/starting_parameters.h"
#include "api/train_command.h"
#include "chainrule/error.h"
#include "chainrule/machine.h"
#include "data/idx_folder.h"
#include "data/table.h"
#include "model/file_label.h"
#include "net/parameter_layout.h"
#include "train/divergence_report.h"

namespace chainrule::api {
namespace {

constexpr std::size_t kSelfTestRows = 8;
constexpr double kCheckpointPause = 1;  // seconds

using training::Outcome;

std::string reason_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::epochs:
      return "epochs";
    case Outcome::early_stop:
      return "early_stop";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::diverged:
      break;
  }
  return "diverged";
}

// "" for a run that came to its end.
std::string unfinished_text(Outcome outcome, const training::Progress& progress, std::uint64_t epochs) {
  if (outcome == Outcome::epochs || outcome == Outcome::early_stop) return "";
  return reason_text(outcome) + " after " + std::to_string(progress.step) + " steps, in epoch " +
         std::to_string(progress.epoch + 1) + " of " + std::to_string(epochs);
}

// Reading ends at a stop as training does.
TrainSettings stopped_by(TrainSettings settings, const TrainHooks& hooks) {
  settings.read.stop = hooks.stop;
  return settings;
}

std::vector<std::string> files_read(const DataRequest& request, const TrainSettings& settings) {
  std::vector<std::string> files = {request.path, settings.spec_file, settings.class_weights};
  for (const std::string& part : {settings.validation, settings.test}) {
    if (!as_share(part)) files.push_back(part);
  }
  std::error_code error;
  if (std::filesystem::is_directory(request.path, error)) {
    const std::vector<std::string> parts = data::idx_folder_files(request.path);
    files.insert(files.end(), parts.begin(), parts.end());
  }
  return files;
}

// Files that a continued run must find from anywhere.
void make_paths_absolute(TrainSettings& settings) {
  if (!as_share(settings.validation)) settings.validation = absolute_path(settings.validation);
  if (!as_share(settings.test)) settings.test = absolute_path(settings.test);
  if (settings.class_weights != "balanced") settings.class_weights = absolute_path(settings.class_weights);
  settings.spec_file = absolute_path(settings.spec_file);
}

// The first training rows and what the plan says to them; a loader must get the same bits.
model::SelfTest self_test(engine::Plan& plan, const NetworkSpec& network, const training::DataPart& part,
                          bool average) {
  training::DataPart first{
      part.samples,
      {part.rows.begin(), part.rows.begin() + static_cast<std::ptrdiff_t>(std::min(kSelfTestRows, part.size()))}};
  model::SelfTest test;
  test.rows = first.size();
  for (std::size_t i = 0; i < first.size(); ++i)
    test.inputs.insert(test.inputs.end(), first.x(i), first.x(i) + network.inputs);
  test.outputs = training::predict_part(plan, network, first, average);
  return test;
}

}  // namespace

std::unique_ptr<engine::Plan> make_run_plan(const TrainSettings& settings, const NetworkChoice& choice,
                                            std::size_t train_rows) {
  PlanOptions options;
  options.engine = settings.engine;
  options.threads = settings.threads;
  options.max_batch = training::batch_cut(choice.network, choice.training, train_rows, choice.batch).largest();
  return engine::make_plan(choice.network, choice.training, options);
}

TrainingRun::TrainingRun(DataRequest request, TrainSettings settings, const TrainHooks& hooks)
    : request_(std::move(request)), settings_(loss_of_spec(stopped_by(std::move(settings), hooks))), hooks_(hooks) {
  refuse_later_settings(settings_);
  refuse_idle_settings(settings_);
}

TrainingRun::TrainingRun(SavedRun saved, RunFolder folder, const TrainHooks& hooks)
    : settings_(stopped_by(saved.run.settings, hooks)), hooks_(hooks), saved_(std::move(saved)), folder_(std::move(folder)) {
  request_.path = saved_->run.data_path;
  request_.features = saved_->run.features;
  request_.expected_digest = saved_->run.data_digest;
}

TrainResult TrainingRun::execute() {
  open_folder();
  prepare();
  identify();
  find_finished_model();
  tell_started();
  const Outcome outcome = finished_ ? take_finished_model() : (start(), train());
  measure_parts(outcome);
  if (!finished_) save_model(outcome);
  if (outcome == Outcome::diverged) report_divergence();
  tell_finished();
  return result_;
}

// The model that this very run ended with: nothing is left to train, and nothing is written.
void TrainingRun::find_finished_model() {
  if (!saved_) return;
  const std::string path = model_path(folder_.path());
  const model::FileLabel label = model::read_label(path);
  if (!label.is_finished_model() || label.run.empty() || label.run != identity_.run) return;
  finished_ = model::load_model(path);
  std::erase_if(data_.decisions, [](const std::string& line) { return line.starts_with("resumed in epoch"); });
  data_.decisions.push_back("already finished: nothing was trained, and " + path + " stays as it is");
}

Outcome TrainingRun::take_finished_model() {
  training::Snapshot& end = saved_->snapshot;
  end.parameters = finished_->parameters;
  end.average = finished_->averaged;
  if (const auto history = finished_->facts.find(kHistoryFact); history != finished_->facts.end()) {
    end.progress.history = parse_history(history->second, model_path(folder_.path()));
  }
  end.progress.stopping = {};
  for (const TrainResult::Point& point : end.progress.history) {
    if (!data_.validation.empty()) end.progress.stopping.observe(point.validation_loss, point.epoch);
  }
  if (!end.progress.history.empty()) end.progress.epoch = end.progress.history.back().epoch;
  end.progress.step = end.progress.epoch * trainer_->steps_per_epoch();
  end.progress.batch = 0;
  result_.digest = model::model_digest(*finished_);
  result_.model = model_path(folder_.path());
  const bool early = end.progress.epoch < settings_.epochs;
  trainer_->start(std::move(end));
  return early ? Outcome::early_stop : Outcome::epochs;
}

// Before the data is read: a folder that cannot be used costs no waiting.
void TrainingRun::open_folder() {
  if (!saved_) folder_ = RunFolder::for_new_run(settings_.out, settings_.force);
  FileAccount account;
  for (const std::string& path : files_read(request_, settings_)) account.reads("the run", path);
  folder_.add_outputs(account);
  account.check();
}

void TrainingRun::prepare() {
  request_.digest = !request_.path.empty() && request_.path != "-";
  data_ = prepare_data(request_, settings_);
  if (saved_) {
    check_arithmetic(*saved_, data_.train.size(), folder_.path());
    choice_ = {saved_->run.network, saved_->run.training, saved_->run.batch, saved_->run.early_stop};
    data_.decisions.push_back("resumed in epoch " + std::to_string(saved_->snapshot.progress.epoch + 1) + " after " +
                              std::to_string(saved_->snapshot.progress.step) + " steps");
  } else {
    choice_ = choose_network(settings_, data_, data_.decisions);
    if (settings_.find_lr) search_rate();
  }
  plan_ = make_run_plan(settings_, choice_, data_.train.size());
  training::RunSpec run;
  run.network = choice_.network;
  run.training = choice_.training;
  run.unit = data_.unit;
  run.train = data_.train;
  run.validation = data_.validation;
  run.epochs = settings_.epochs;
  run.batch = choice_.batch;
  run.early_stop = choice_.early_stop;
  trainer_ = std::make_unique<training::Trainer>(*plan_, std::move(run));
}

void TrainingRun::search_rate() {
  const RateSearch search = search_learning_rate(settings_, choice_, data_);
  choice_.training.optimizer.learning_rate = search.suggested;
  data_.decisions.push_back("learning rate: " + write_number(search.suggested) + ", by a range test");
}

void TrainingRun::identify() {
  data_.decisions.insert(data_.decisions.end(), folder_.notes().begin(), folder_.notes().end());
  const std::string resumed = saved_ ? saved_->run.run : "";
  // Only what is stored is absolute: messages name files as the user did.
  result_.data = request_.path;
  request_.path = absolute_path(request_.path);
  make_paths_absolute(settings_);
  settings_.out = absolute_path(folder_.path());
  const bool repeatable = !request_.path.empty() && request_.path != "-";
  if (data_.digest.empty()) data_.decisions.push_back("checkpoints: none, for the data cannot be read a second time");
  identity_ = {settings_,
               choice_.network,
               choice_.training,
               data_.features,
               choice_.batch,
               choice_.early_stop,
               repeatable ? request_.path : "",
               data_.digest,
               resumed};
  if (identity_.run.empty()) identity_.run = run_name(identity_);
  model::ModelFile file;
  file.network = choice_.network;
  file.training = choice_.training;
  file.features = data_.features;
  file.facts = facts();
  model::check_can_be_saved(file);
}

// Nothing has been written yet, and nothing will be.
void TrainingRun::stop_before_first_step() const {
  if (!hooks_.stop || !hooks_.stop->load(std::memory_order_relaxed)) return;
  throw Error("E0590", "training", "interrupted before the first step; nothing was written");
}

void TrainingRun::tell_started() const {
  if (!hooks_.on_event) return;
  TrainEvent event;
  event.kind = TrainEvent::Kind::started;
  event.epochs = settings_.epochs;
  event.steps_per_epoch = trainer_->steps_per_epoch();
  for (const std::string& line : data_.decisions) event.text += (event.text.empty() ? "" : "\n") + line;
  hooks_.on_event(event);
}

void TrainingRun::start() {
  stop_before_first_step();
  if (saved_) {
    trainer_->start(std::move(saved_->snapshot));
    return;
  }
  trainer_->start(starting_parameters(choice_, data_.train));
  stop_before_first_step();
  folder_.forget_divergence();
  if (settings_.checkpoint_every == std::uint64_t{0} || identity_.data_digest.empty()) return folder_.forget_checkpoints();
  save_checkpoint(trainer_->snapshot());
  folder_.forget_older_checkpoint();
}

void TrainingRun::save_checkpoint(const training::Snapshot& snapshot) {
  if (identity_.data_digest.empty()) return;
  try {
    model::save_checkpoint(folder_.path(), make_checkpoint(identity_, snapshot));
  } catch (const Error& error) {
    const bool older = saved_ || snapshot.progress.step > 0;
    if (!older || !model::has_checkpoint(folder_.path())) throw;
    throw Error(error.code(), error.where(), error.message(), error.hint() + "; the checkpoint before is whole: --resume goes on from it");
  }
  if (!hooks_.on_event) return;
  TrainEvent event;
  event.kind = TrainEvent::Kind::checkpoint;
  event.epoch = snapshot.progress.epoch;
  event.epochs = settings_.epochs;
  event.step = snapshot.progress.step;
  event.text = folder_.path() + "/checkpoint.safetensors";
  hooks_.on_event(event);
}

Outcome TrainingRun::train() {
  training::Listener listener;
  listener.on_event = hooks_.on_event;
  listener.stop = hooks_.stop;
  const std::uint64_t every = settings_.checkpoint_every.value_or(1);
  // Unless asked for every epoch, epochs that take milliseconds do not wait for the disk each time.
  const bool asked = settings_.checkpoint_every.has_value();
  double last = 0;
  listener.on_epoch = [&](const training::Snapshot& snapshot) {
    const bool due =
        every != 0 && snapshot.progress.epoch % every == 0 && (asked || trainer_->seconds() - last >= kCheckpointPause);
    if (!due) return;
    save_checkpoint(snapshot);
    last = trainer_->seconds();
  };
  const Outcome outcome = trainer_->run(listener);
  result_.seconds = trainer_->seconds();
  if (outcome == Outcome::interrupted || outcome == Outcome::diverged) save_checkpoint(trainer_->snapshot());
  if (outcome == Outcome::interrupted || outcome == Outcome::diverged) trainer_->restore_best();
  return outcome;
}

DivergenceReport TrainingRun::divergence_report() const {
  const training::Divergence& found = trainer_->divergence();
  const auto number = [](std::size_t n) { return n == training::Divergence::kNone ? -1 : static_cast<long long>(n); };
  DivergenceReport report;
  report.place = training::place_name(found.place);
  report.epoch = found.epoch;
  report.step = found.step;
  report.layer = number(found.layer);
  report.unit = number(found.unit);
  report.row = number(found.row);
  if (report.row >= 0) report.row_name = row_name(*data_.table, found.row);
  if (found.input != training::Divergence::kNone) report.column = data_.features.input_names[found.input];
  report.parameter = found.tensor;
  report.value = found.value;
  report.sentence = training::describe(found, report.row_name, report.column);
  report.data = data_.table->source;
  report.model = result_.model;
  report.optimizer = name(choice_.training.optimizer.kind);
  report.learning_rate = choice_.training.optimizer.learning_rate;
  if (!identity_.data_digest.empty()) report.command = "chainrule train --resume " + folder_.path();
  return report;
}

namespace {

// A setting that was tried from the start of the run and held, as the command to type.
std::string divergence_hint(const DivergenceReport& report) {
  if (!report.column.empty()) return "correct the value or drop the row";
  if (report.cure.empty()) {
    return "none of the changes that were tried holds (" + std::to_string(report.cures.size()) + " of them; see the page): look at the data, with chainrule check";
  }
  return "this held when it was tried, for " + std::to_string(report.tried_to) + " steps from the start: " + report.cure;
}

/// "--lr 0.5" as a setting and its text.
std::map<std::string, std::string> as_settings(const std::string& flags) {
  std::map<std::string, std::string> settings;
  std::istringstream words(flags);
  for (std::string flag, value; words >> flag >> value;) settings[flag.substr(2)] = value;
  return settings;
}

}  // namespace

std::string TrainingRun::cure_command(const DivergenceReport& report) const {
  for (const DivergenceCure& cure : report.cures) {
    if (!cure.survived) continue;
    if (identity_.data_path.empty()) return "the same with " + cure.setting;
    std::map<std::string, std::string> changed = as_settings(cure.setting);
    if (changed.count("optimizer") != 0) changed.insert({{"lr", ""}, {"momentum", ""}, {"beta1", ""}, {"beta2", ""}, {"eps", ""}});
    return train_command(result_.data, settings_.given, changed);
  }
  return "";
}

void TrainingRun::report_divergence() {
  DivergenceReport report = divergence_report();
  // Taking the failed step again finds the same; the first report knows the way there.
  std::string page = folder_.path() + "/divergence.html", hint = "the page names what was tried, and what held";
  if (!saved_ || !has_divergence_at(folder_.path(), report.step)) {
    training::examine_divergence(trainer_->run_spec(), trainer_->replay_start(), starting_parameters(choice_, data_.train), report.step, report);
    report.cure = cure_command(report);
    page = write_divergence(folder_.path(), report);
    hint = divergence_hint(report);
  }
  throw Error("E0501", "training", report.sentence + "; see " + page + "; the last good state is " + report.model, hint);
}

namespace {

void add_metrics(std::map<std::string, std::string>& facts, const std::string& part, const Metrics& metrics) {
  if (metrics.rows == 0) return;
  facts[part + " loss"] = write_number(metrics.loss);
  facts[part + (metrics.classification ? " accuracy" : " rmse")] = write_number(metrics.classification ? metrics.accuracy : metrics.rmse);
}

}  // namespace

std::map<std::string, std::string> TrainingRun::facts() const {
  const training::Progress& p = trainer_->progress();
  std::map<std::string, std::string> facts = {{"program", "chainrule " + version_info().version},
                                              {"seed", std::to_string(choice_.training.seed)},
                                              {"epochs", std::to_string(p.epoch)},
                                              {"steps", std::to_string(p.step)},
                                              {"batch", std::to_string(choice_.batch)},
                                              {"data", data_.table->source},
                                              {"data digest", identity_.data_digest},
                                              {"rows", std::to_string(data_.table->rows)},
                                              {"training rows", std::to_string(data_.train.size())},
                                              {"validation rows", std::to_string(data_.validation.size())},
                                              {"test rows", std::to_string(data_.test.size())},
                                              {"split", data_.split.empty() ? "none" : data_.split}};
  facts[model::kRunFact] = identity_.run;
  if (!p.history.empty()) facts["kept epoch"] = std::to_string(kept_epoch());
  if (!p.history.empty()) facts[kHistoryFact] = history_text(p.history);  // read by inspect and by a resumed run that has ended
  if (p.stopping.has_best) facts["best epoch"] = std::to_string(p.stopping.best_epoch);
  if (p.stopping.has_best) facts["best validation loss"] = write_number(p.stopping.best_score);
  add_metrics(facts, "training", result_.train);
  add_metrics(facts, "validation", result_.validation);
  add_metrics(facts, "test", result_.test);
  for (const auto& [key, text] : settings_.given) {
    if (key != "out" && key != "threads" && key != "engine" && !text.empty()) facts["setting " + key] = text;
  }
  return facts;
}

model::ModelFile TrainingRun::model_file(const std::string& unfinished) const {
  model::ModelFile file;
  file.network = choice_.network;
  file.training = choice_.training;
  file.features = data_.features;
  file.parameters.resize(net::ParameterLayout(choice_.network).size);
  plan_->store(engine::Part::parameters, file.parameters);
  const bool average = choice_.training.ema > 0;
  if (average) {
    file.averaged.resize(file.parameters.size());
    plan_->store(engine::Part::average, file.averaged);
  }
  file.dropout_factor = trainer_->dropout_factor();
  file.facts = facts();
  if (!unfinished.empty()) file.facts[model::kUnfinishedFact] = unfinished;
  file.self_test = self_test(*plan_, choice_.network, data_.train, average);
  return file;
}

void TrainingRun::save_model(Outcome outcome) {
  const std::string unfinished = unfinished_text(outcome, trainer_->progress(), settings_.epochs);
  const model::ModelFile file = model_file(unfinished);
  result_.digest = model::model_digest(file);
  result_.model = folder_.model_path(unfinished.empty());
  model::save_model(result_.model, file);
  if (unfinished.empty()) folder_.forget_unfinished();
}

Metrics TrainingRun::measure(const training::DataPart& part) const {
  if (part.empty()) return {};
  std::vector<float> parameters(net::ParameterLayout(choice_.network).size);
  plan_->store(engine::Part::parameters, parameters);
  const std::vector<float> outputs = training::predict_part(*plan_, choice_.network, part, choice_.training.ema > 0);
  return training::measure(choice_.network, data_.unit, part, outputs, parameters);
}

std::uint64_t TrainingRun::kept_epoch() const {
  const training::Progress& p = trainer_->progress();
  if (trainer_->restores_best() && p.stopping.has_best) return p.stopping.best_epoch;
  return p.batch == 0 ? p.epoch : p.epoch + 1;
}

// Of a run that diverged only what is known without going over the data again.
void TrainingRun::measure_parts(Outcome outcome) {
  const training::Progress& p = trainer_->progress();
  TrainResult& r = result_;
  r.folder = folder_.path();
  r.epochs = p.epoch;
  r.best_epoch = p.stopping.has_best ? p.stopping.best_epoch : 0;
  r.kept_epoch = kept_epoch();
  r.steps = p.step;
  r.stop_reason = reason_text(outcome);
  r.interrupted = outcome == Outcome::interrupted;
  r.has_validation = !data_.validation.empty();
  r.has_test = !data_.test.empty();
  r.plan = plan_->report();
  r.history = p.history;
  r.decisions = data_.decisions;
  if (outcome == Outcome::diverged) return;
  r.train = measure(data_.train);
  r.validation = measure(data_.validation);
  r.test = measure(data_.test);
  r.baseline = baseline_of(data_, r);
  r.verdict = verdict_of(r, settings_.epochs);
}

void TrainingRun::tell_finished() const {
  if (!hooks_.on_event) return;
  TrainEvent event;
  event.kind = TrainEvent::Kind::finished;
  event.epoch = result_.epochs;
  event.epochs = settings_.epochs;
  event.step = result_.steps;
  event.seconds = result_.seconds;
  event.text = result_.model;
  hooks_.on_event(event);
}

}  // namespace chainrule::api
