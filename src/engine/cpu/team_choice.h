// Whether a step runs on the whole team or on the caller's thread alone: what was faster lately, tried out while training.
#pragma once

namespace chainrule::engine::cpu {

/// Other programs come and go during a run of hours, and a team waits for its slowest member: where its cores are taken by others, one thread may be
/// faster by far. Both give the same bits, so a plan may try. About one hundredth of the time goes into trials.
class TeamChoice {
 public:
  enum class Kind { team, adapting, alternating };
  /// `alternating` changes with every step, for tests.
  explicit TeamChoice(Kind kind = Kind::team) : kind_(kind) {}

  /// How the next step should run.
  bool alone() const { return alone_; }
  bool asks_for_time() const { return kind_ == Kind::adapting; }

  /// What the step just done took.
  void took(double seconds, int rows) {
    if (kind_ == Kind::alternating) alone_ = !alone_;
    if (kind_ != Kind::adapting) return;
    passed_ += seconds;
    now_.seconds += seconds;
    now_.rows += rows;
    ++now_.steps;
    if (now_.seconds < kMeasurement || now_.steps < kLeastSteps) return;
    if (trial_) {
      end_trial();
    } else if (passed_ > wait_) {
      begin_trial();
    }
    now_ = {};
  }

 private:
  static constexpr double kMeasurement = 0.01;  ///< seconds: a few of the turns in which a system shares a core
  static constexpr int kLeastSteps = 4;
  static constexpr double kFirstWait = 0.25, kLongestWait = 4;  ///< seconds between trials
  static constexpr double kGain = 1.1;          ///< what the other way must at least bring
  /// A core that is taken away for a moment must not end the team: one thread has to win three trials in a row, the team one.
  static constexpr int kWinsOfOne = 3;

  struct Measurement {
    double seconds = 0, rows = 0;
    int steps = 0;
    double rate() const { return rows / seconds; }
  };

  void begin_trial() {
    before_ = now_.rate();
    trial_ = true;
    alone_ = !alone_;
  }
  /// Stays where the trials were won. The longer they are lost, the rarer they are repeated.
  void end_trial() {
    const bool won = now_.rate() > kGain * before_;
    wins_ = won ? wins_ + 1 : 0;
    trial_ = false;
    const bool stays = wins_ >= (alone_ ? kWinsOfOne : 1);
    if (!stays) alone_ = !alone_;
    if (won && !stays) return;  // the next one follows at once
    wait_ = won ? kFirstWait : wait_ * 2 < kLongestWait ? wait_ * 2 : kLongestWait;
    passed_ = 0;
    wins_ = 0;
  }

  Kind kind_;
  bool alone_ = false, trial_ = false;
  int wins_ = 0;
  double passed_ = 0;  ///< seconds since the last trial
  double wait_ = kFirstWait, before_ = 0;
  Measurement now_;
};

}  // namespace chainrule::engine::cpu
