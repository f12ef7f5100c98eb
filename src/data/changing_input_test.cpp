// Data that change while they are read, endless and interrupted input, and digests of the very bytes that were parsed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "chainrule/error.h"
#include "data/arriving_text.h"
#include "data/input.h"
#include "data/source_digest.h"
#include "data/table.h"
#include "data/table_stream.h"
#include "testing/error_of.h"
#include "testing/own_folder.h"

namespace chainrule::data {
namespace {

namespace fs = std::filesystem;

class ChangingInput : public OwnFolder {
 protected:
  void TearDown() override { call_after_reads({}); }
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  /// Runs `change` once, when the first bytes of a file have been read.
  static void change_after_first_read(std::function<void()> change) {
    call_after_reads([change = std::move(change)] {
      call_after_reads({});
      change();
    });
  }
};

std::string numbers(std::size_t rows) {
  std::string text = "a,b\n";
  for (std::size_t row = 0; row < rows; ++row) text += std::to_string(row % 997) + "," + std::to_string(row % 7) + ".5\n";
  return text;
}

std::string gzip_of(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(bytes.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// A pipe that gives `head` and then one block again and again, until nobody reads any more.
class EndlessPipe {
 public:
  EndlessPipe(const std::string& path, const std::string& head, const std::string& block) {
    std::signal(SIGPIPE, SIG_IGN);
    ::unlink(path.c_str());
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    writer_ = std::thread([=] {
      const int pipe = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      for (const std::string* bytes = &head; ::write(pipe, bytes->data(), bytes->size()) > 0; bytes = &block) {
      }
      ::close(pipe);
    });
  }
  ~EndlessPipe() { writer_.join(); }
  EndlessPipe(const EndlessPipe&) = delete;
  EndlessPipe& operator=(const EndlessPipe&) = delete;

 private:
  std::thread writer_;
};

std::vector<ColumnReading> all_typed(const Table& header) { return std::vector<ColumnReading>(header.columns.size()); }

void read_in_parts(const std::string& path, const ReadOptions& options = {}, const std::function<void()>& between = {}) {
  TableStream stream(path, options, {all_typed, std::nullopt});
  if (between) between();
  while (stream.next()) {
  }
}

TEST_F(ChangingInput, AFileThatIsCutGrowsOrIsTouchedWhileItIsReadIsE0341) {
  const std::string text = numbers(20000), file = path("t.csv");
  const std::function<void()> changes[] = {[&] { fs::resize_file(file, 100003); }, [&] { fs::resize_file(file, 0); },
                                           [&] { std::ofstream(file, std::ios::app) << "1,2\n"; },
                                           [&] { fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1)); }};
  for (const auto& change : changes) {
    write("t.csv", text);
    change_after_first_read(change);
    const Error error = error_of([&] { read_table(file, {}); });
    EXPECT_EQ(error.code(), "E0341") << error.what();
    EXPECT_EQ(error.where(), file);
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(ChangingInput, DeletingOrReplacingTheNameIsNoFault) {
  const std::string text = numbers(20000), file = path("t.csv");
  write("t.csv", text);
  change_after_first_read([&] { fs::remove(file); });
  EXPECT_EQ(read_table(file, {}).rows, 20000u);
  write("t.csv", text);
  write("other.csv", numbers(3));
  change_after_first_read([&] { fs::rename(path("other.csv"), file); });
  EXPECT_EQ(read_table(file, {}).rows, 20000u);
}

TEST_F(ChangingInput, AFileReadInPartsThatChangesIsE0341BeforeItsLastPart) {
  const std::string text = numbers(700000), file = path("t.csv");
  ASSERT_GT(text.size(), std::size_t{5} << 20);
  write("t.csv", text);
  EXPECT_EQ(error_of([&] { read_in_parts(file); }).code(), "none");
  EXPECT_EQ(error_of([&] { read_in_parts(file, {}, [&] { fs::resize_file(file, 5000003); }); }).code(), "E0341");
  write("t.csv", text);
  EXPECT_EQ(error_of([&] { read_in_parts(file, {}, [&] { std::ofstream(file, std::ios::app) << "1,2\n"; }); }).code(), "E0341");
}

TEST_F(ChangingInput, PackedFilesAndFoldersAreWatchedToo) {
  const std::string packed = write("t.csv.gz", gzip_of(numbers(20000)));
  change_after_first_read([&] { std::ofstream(packed, std::ios::app) << std::string(16, '\0'); });
  EXPECT_EQ(error_of([&] { read_table(packed, {}); }).code(), "E0341");
  write("train-images-idx3-ubyte", std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01", 16) + "ab");
  const std::string labels = write("train-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x02", 8) + "ab");
  int reads = 0;
  call_after_reads([&] {
    if (++reads == 3) fs::resize_file(labels, 9);  // the images are read, the labels begun
  });
  EXPECT_EQ(error_of([&] { read_table(folder_, {}); }).code(), "E0341");
}

TEST_F(ChangingInput, TheDigestIsThatOfTheBytesThatWereParsed) {
  const std::string text = numbers(20000), file = write("t.csv", text);
  write("other.csv", numbers(3));
  call_after_reads([&] {
    if (fs::exists(path("other.csv"))) fs::rename(path("other.csv"), file);
  });
  SourceDigest digest;
  EXPECT_EQ(read_table(file, {}, &digest).rows, 20000u);
  EXPECT_EQ(digest.finish(file, nullptr), sha256_hex(text.data(), text.size()));
  call_after_reads({});
  const std::string now = numbers(3);
  EXPECT_EQ(SourceDigest().finish(file, nullptr), sha256_hex(now.data(), now.size())) << "what nobody read is read";
}

TEST_F(ChangingInput, APackedFilesDigestIsThatOfItsPackedBytes) {
  const std::string packed = gzip_of(numbers(2000)), file = write("t.csv.gz", packed);
  SourceDigest digest;
  read_table(file, {}, &digest);
  EXPECT_EQ(digest.finish(file, nullptr), sha256_hex(packed.data(), packed.size()));
}

TEST_F(ChangingInput, AFoldersDigestIsTheSameWhetherItsTestPartWasReadOrNot) {
  const std::string images = std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01", 16) + "ab";
  const std::string labels = std::string("\0\0\x08\x01\0\0\0\x02", 8) + "ab";
  std::string all;
  for (const std::string part : {"train", "t10k"}) {
    write(part + "-images-idx3-ubyte", images);
    write(part + "-labels-idx1-ubyte", labels);
    all += part + "-images-idx3-ubyte" + '\0' + images + part + "-labels-idx1-ubyte" + '\0' + labels;
  }
  SourceDigest train, both;
  read_table(folder_, {}, &train);
  read_table(folder_, {}, &both);
  read_idx_test_part(folder_, nullptr, &both);
  const std::string expected = sha256_hex(all.data(), all.size());
  EXPECT_EQ(train.finish(folder_, nullptr), expected);
  EXPECT_EQ(both.finish(folder_, nullptr), expected);
}

TEST_F(ChangingInput, ASetFlagEndsReadingWithE0590Wherever) {
  const std::string file = write("t.csv", numbers(200000)), packed = write("t.csv.gz", gzip_of(numbers(20000)));
  std::atomic<bool> stop{true};
  ReadOptions options;
  options.stop = &stop;
  EXPECT_EQ(error_of([&] { read_table(file, options); }).code(), "E0590");
  EXPECT_EQ(error_of([&] { read_table(packed, options); }).code(), "E0590");
  EXPECT_EQ(error_of([&] { read_in_parts(file, options); }).code(), "E0590");
  EXPECT_EQ(error_of([&] { read_csv_text(numbers(10), "t.csv", options); }).code(), "E0590");
  EXPECT_EQ(error_of([&] { SourceDigest().finish(file, &stop); }).code(), "E0590");
}

TEST_F(ChangingInput, ASignalEndsTheWaitForAPipesWriter) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  static std::atomic<bool> stop{false};
  stop = false;
  struct sigaction action {}, old {};
  action.sa_handler = [](int) { stop = true; };  // no SA_RESTART
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &old), 0);
  const pthread_t reader = ::pthread_self();
  std::atomic<bool> done{false};
  std::thread sender([&] {
    while (!done) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (!done) ::pthread_kill(reader, SIGUSR1);
    }
  });
  ReadOptions options;
  options.stop = &stop;
  const Error error = error_of([&] { read_table(path("pipe"), options); });
  done = true;
  sender.join();
  ::sigaction(SIGUSR1, &old, nullptr);
  EXPECT_EQ(error.code(), "E0590") << error.what();
}

TEST_F(ChangingInput, DevicesWithoutEndAreJudgedByTheirFirstBytes) {
  for (const auto& read : {std::function<void()>([] { read_table("/dev/zero", {}); }), std::function<void()>([] { read_in_parts("/dev/zero"); }),
                           std::function<void()>([] { read_table("/dev/zero", {}, KnownTable{all_typed, std::nullopt}); })}) {
    const Error error = error_of(read);
    EXPECT_EQ(error.code(), "E0304") << error.what();
    EXPECT_EQ(error.where(), "/dev/zero line 1, byte 1");
  }
}

TEST_F(ChangingInput, AHugeFileOfHolesIsJudgedBeforeMemoryIsAskedFor) {
  write("holes.csv", "");
  std::error_code no_room;
  fs::resize_file(path("holes.csv"), std::uintmax_t{1} << 43, no_room);
  if (no_room) GTEST_SKIP() << "the file system has no files of 8 TB";
  EXPECT_EQ(error_of([&] { read_table(path("holes.csv"), {}); }).code(), "E0304");
}

TEST_F(ChangingInput, NulBytesBehindAGoodBeginningEndTheReadingThere) {
  const std::string pipe = path("pipe");
  for (const auto& read : {std::function<void()>([&] { read_table(pipe, {}); }), std::function<void()>([&] { read_in_parts(pipe); })}) {
    const EndlessPipe endless(pipe, numbers(20000), std::string(1 << 20, '\0'));
    const Error error = error_of(read);
    EXPECT_EQ(error.code(), "E0304") << error.what();
    EXPECT_EQ(error.where(), pipe + " line 20002, byte 1");
  }
}

TEST_F(ChangingInput, PackedZerosWithoutEndAreToldByTheirFirstBytes) {
  const std::string zeros = gzip_of(std::string(std::size_t{32} << 20, '\0'));
  std::string members;
  for (int i = 0; i < 100; ++i) members += zeros;  // 3.2 GB
  const std::string file = write("zeros.gz", members);
  for (const auto& read : {std::function<void()>([&] { read_table(file, {}); }), std::function<void()>([&] { read_in_parts(file); })}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(error_of(read).code(), "E0304");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  }
}

TEST_F(ChangingInput, ALineOrAQuotedCellWithoutEndIsE0342WithItsLine) {
  const std::string pipe = path("pipe"), bytes(1 << 20, 'x'), lines = std::string((1 << 20) - 1, 'x') + '\n';
  const struct {
    std::string head, block, place;
  } cases[] = {{"a,b\n1,2\n3,", bytes, " line 3"}, {"a,b\n1,2\n3,\"", lines, " line 3"}, {"x", bytes, " line 1"}};
  for (const auto& one : cases) {
    const EndlessPipe endless(pipe, one.head, one.block);
    const Error error = error_of([&] { read_in_parts(pipe); });
    EXPECT_EQ(error.code(), "E0342") << error.what();
    EXPECT_EQ(error.where(), pipe + one.place);
  }
  const EndlessPipe endless(pipe, cases[0].head, bytes);
  const Error whole = error_of([&] { read_table(pipe, {}); });
  EXPECT_EQ(whole.code(), "E0342") << whole.what();
  EXPECT_EQ(whole.where(), pipe + " line 3");
}

TEST(ArrivingText, JudgesTextThatIsCutInsideACharacter) {
  const std::string text = std::string(kFirstBytes - 1, 'a') + "\xc3";
  EXPECT_TRUE(is_text_so_far(text, "t"));
  EXPECT_EQ(error_of([&] { (void)is_text_so_far("a\xff\xff" + text, "t"); }).code(), "E0306");
  EXPECT_FALSE(is_text_so_far(std::string("\x93NUMPY\x01\0", 8), "t"));
  EXPECT_EQ(error_of([] { (void)is_text_so_far("PAR1 and more", "t"); }).code(), "E0318");
}

}  // namespace
}  // namespace chainrule::data
