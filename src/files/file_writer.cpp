// Temporary file, rights of the old one, fsync, rename, fsync of the folder.
#include "files/file_writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;
constexpr mode_t kAllRights = S_ISUID | S_ISGID | S_ISVTX | S_IRWXU | S_IRWXG | S_IRWXO;

std::string temporary_prefix(const std::string& path) { return "." + name_of(path).substr(0, 100) + ".tmp-"; }

/// Removes temporaries that killed processes left: a living writer holds a lock on its own.
void remove_stale_temporaries(const std::string& path) noexcept {
  const std::string folder = folder_of(path), prefix = temporary_prefix(path);
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) != 0) continue;
    const std::string stale = folder + "/" + entry->d_name;
    const Descriptor fd(::open(stale.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(stale.c_str());
  }
  ::closedir(entries);
}

std::string name_of_open_file(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

/// The mode the new file may have when its group cannot be kept: another group gets no more than everybody.
mode_t without_group(mode_t mode) noexcept { return (mode & ~mode_t{S_IRWXG}) | (mode & ((mode & S_IRWXO) << 3)); }

}  // namespace

FileWriter::FileWriter(const std::string& path) : path_(path.empty() ? "standard output" : path) {
  buffer_.reserve(kBufferBytes);
  if (path.empty()) {
    target_.kind = WriteTarget::Kind::descriptor;
    target_.descriptor = STDOUT_FILENO;
  } else {
    target_ = find_write_target(path);
  }
  if (target_.kind == WriteTarget::Kind::replaced) {
    open_temporary();
    return;
  }
  if (target_.kind == WriteTarget::Kind::device) own_ = open_file(target_.path, O_WRONLY);
  descriptor_ = target_.kind == WriteTarget::Kind::device ? own_.get() : target_.descriptor;
  if (descriptor_ < 0 || ::fcntl(descriptor_, F_GETFD) < 0) fail_file("E0421", path_, "cannot open for writing", errno);
}

FileWriter::~FileWriter() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void FileWriter::open_temporary() {
  remove_stale_temporaries(target_.path);
  if (!open_nameless()) open_named();
  descriptor_ = own_.get();
  ::flock(descriptor_, LOCK_EX | LOCK_NB);  // so that nobody takes it for a stale one; not every file system has locks
  if (target_.present) take_rights();
}

/// A file that has no name until it is finished, so that even a killed program leaves nothing behind. False where the
/// system has none.
bool FileWriter::open_nameless() {
#ifdef O_TMPFILE
  if (::access("/proc/self/fd", X_OK) != 0) return false;
  own_ = open_file(folder_of(target_.path), O_TMPFILE | O_RDWR, 0666);
  if (own_) return true;
  const bool unknown = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;  // EISDIR: an old kernel
  if (!unknown) fail_file("E0421", path_, "cannot create a file in this folder", errno);
#endif
  return false;
}

void FileWriter::open_named() {
  do {
    temporary_ = next_temporary_name();
    own_ = open_file(temporary_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
  } while (!own_ && errno == EEXIST);
  if (!own_) {
    temporary_.clear();
    fail_file("E0421", path_, "cannot create a file in this folder", errno);
  }
}

std::string FileWriter::next_temporary_name() {
  static std::atomic<unsigned> counter{0};
  return folder_of(target_.path) + "/" + temporary_prefix(target_.path) + std::to_string(::getpid()) + "-" +
         std::to_string(counter++);
}

/// A private file must not become readable for all because its content was replaced.
void FileWriter::take_rights() {
  const struct stat& old = *target_.present;
  struct stat fresh {};
  mode_t mode = old.st_mode & kAllRights;
  if (::fstat(descriptor_, &fresh) == 0 && (fresh.st_uid != old.st_uid || fresh.st_gid != old.st_gid)) {
    const bool kept = ::fchown(descriptor_, old.st_uid, old.st_gid) == 0;
    const bool group_kept = kept || ::fchown(descriptor_, static_cast<uid_t>(-1), old.st_gid) == 0;
    if (!group_kept) mode = without_group(mode);
    if (!kept) mode &= ~mode_t{S_ISUID | S_ISGID};
  }
  if (system_call([&] { return ::fchmod(descriptor_, mode); }) != 0) {
    const int error = errno;
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    fail_file("E0421", path_, "cannot give the new file the permissions of the old one", error);
  }
}

void FileWriter::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() >= kBufferBytes) return write_out(bytes);
  buffer_ += bytes;
}

void FileWriter::flush() {
  write_out(buffer_);
  buffer_.clear();
}

void FileWriter::write_out(std::string_view bytes) {
  if (write_all(descriptor_, bytes)) return;
  if (errno == EPIPE && !replaces()) throw ReaderGone{};
  fail_file("E0422", path_, "cannot write", errno);
}

std::string FileWriter::read_back() {
  flush();
  std::string bytes(static_cast<std::size_t>(::lseek(descriptor_, 0, SEEK_CUR)), '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = system_call([&] {
      return ::pread(descriptor_, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    });
    if (n < 0) fail_file("E0424", path_, "cannot read back what was written", errno);
    if (n == 0) bytes.resize(at);
    at += static_cast<std::size_t>(n);
  }
  return bytes;
}

void FileWriter::give_name() {
  const std::string open_file_name = name_of_open_file(descriptor_);
  int result = 0;
  do {
    temporary_ = next_temporary_name();
    result = system_call([&] {
      return ::linkat(AT_FDCWD, open_file_name.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW);
    });
  } while (result != 0 && errno == EEXIST);
  if (result == 0) return;
  temporary_.clear();
  fail_file("E0423", path_, "cannot give the finished file a name", errno);
}

void FileWriter::finish() {
  flush();
  if (!replaces()) {
    if (own_ && !own_.close()) fail_file("E0422", path_, "cannot close", errno);
    return;
  }
  if (system_call([&] { return ::fsync(descriptor_); }) != 0) fail_file("E0422", path_, "cannot flush the file to disk", errno);
  if (temporary_.empty()) give_name();
  if (system_call([&] { return ::rename(temporary_.c_str(), target_.path.c_str()); }) != 0) {
    fail_file("E0423", path_, "cannot replace the file", errno);
  }
  temporary_.clear();  // the descriptor (and its lock) closes later; fsync has reported every write error by now
  if (!flush_folder(folder_of(target_.path))) {
    fail_file("E0423", path_, "the file is in place, but its folder cannot be flushed", errno);
  }
}

void write_stdout(std::string_view bytes) {
  if (write_all(STDOUT_FILENO, bytes)) return;
  if (errno == EPIPE) throw ReaderGone{};
  fail_file("E0422", "standard output", "cannot write", errno);
}

}  // namespace chainrule
