#include "reader.h"

#include <algorithm>

namespace flashhead_godot {
namespace {

// How often a worker is asked for pictures that it has not made yet, as those of a face at rest are.
constexpr std::chrono::milliseconds kPause(4);

// Whether nothing more is to be done for it.
bool Done(NextPicture* picture) {
  std::lock_guard lock(picture->mutex);
  if (picture->pixels != nullptr && std::chrono::steady_clock::now() < picture->until) {
    if (!flashhead::ReadVideoAhead(picture->session, picture->utterance, picture->audio_us, picture->pixels,
                                   picture->bytes, &picture->read)) {
      return false;
    }
  }
  picture->wanted = false;
  return true;
}

}  // namespace

Reader& TheReader() {
  static auto* reader = new Reader;
  return *reader;
}

void Reader::Want(const std::shared_ptr<NextPicture>& picture) {
  {
    std::lock_guard lock(mutex_);
    if (!thread_.joinable()) {
      stops_ = false;
      thread_ = std::thread(&Reader::Run, this);
    }
    wanted_.push_back(picture);
  }
  changed_.notify_one();
}

void Reader::Stop() {
  {
    std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  wanted_.clear();
}

void Reader::Run() {
  std::vector<std::shared_ptr<NextPicture>> mine;  // kept, so that reading allocates nothing
  std::unique_lock lock(mutex_);
  while (!stops_) {
    mine.insert(mine.end(), std::make_move_iterator(wanted_.begin()), std::make_move_iterator(wanted_.end()));
    wanted_.clear();
    if (mine.empty()) {
      changed_.wait(lock, [this] { return stops_ || !wanted_.empty(); });
      continue;
    }
    lock.unlock();
    mine.erase(std::remove_if(mine.begin(), mine.end(), [](const auto& picture) { return Done(picture.get()); }),
               mine.end());
    lock.lock();
    if (!mine.empty()) changed_.wait_for(lock, kPause, [this] { return stops_ || !wanted_.empty(); });
  }
}

}  // namespace flashhead_godot
