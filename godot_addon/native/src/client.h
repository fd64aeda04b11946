// FlashHeadClient: a connection to a worker and its talking heads. The reference is doc_classes/FlashHeadClient.xml.
#pragma once

#include <string>
#include <vector>

#include "abi/ahead.h"
#include "class.h"
#include "flashhead_bridge.h"
#include "variant.h"

namespace flashhead_godot {

enum class Result : int64_t {};
enum class UtteranceState : int64_t {};
template <>
inline constexpr const char* kEnumName<Result> = "FlashHeadClient.Result";
template <>
inline constexpr const char* kEnumName<UtteranceState> = "FlashHeadClient.UtteranceState";

class Client : public Object {
 public:
  static constexpr const char* kName = "FlashHeadClient";
  static constexpr const char* kParent = "RefCounted";
  static void Register();

  explicit Client(GDExtensionObjectPtr owner);
  ~Client() override;

  Result ConnectWorker(const Dictionary& options);
  void DisconnectWorker();
  Dictionary GetInfo() const;
  Dictionary GetStatistics() const;
  Dictionary Poll();

  int64_t OpenSession(const Dictionary& options);
  void CloseSession(int64_t session);
  Dictionary GetSessionInfo(int64_t session) const;
  Dictionary PollSession(int64_t session);
  Result SetEmotion(int64_t session, const std::string& emotion, double intensity);
  Result SetMouthStrength(int64_t session, double strength);
  Result LookAt(int64_t session, double yaw, double pitch);
  Result LookFreely(int64_t session);
  Result Pause(int64_t session, bool paused);

  int64_t Speak(int64_t session, const Dictionary& options);
  Result Push(int64_t session, int64_t utterance, const Variant& samples);
  Result End(int64_t session, int64_t utterance);
  Result Cancel(int64_t session, int64_t last_pts_us);
  Result Clock(int64_t session, int64_t utterance, int64_t audio_us, bool playing);
  UtteranceState GetUtteranceState(int64_t session, int64_t utterance) const;

  bool AcquireWeights(int64_t session, int64_t utterance, int64_t audio_us);
  PackedFloat32Array GetArkit() const { return arkit_; }
  PackedFloat32Array GetPose() const { return pose_; }
  PackedFloat32Array GetVisemes() const { return visemes_; }
  Dictionary GetFrame() const;
  // For FlashHeadTexture; as flashhead::AcquireVideo.
  flashhead_result AcquireVideo(int64_t session, int64_t utterance, int64_t audio_us, flashhead_frame* frame,
                                void* pixels, size_t pixel_bytes, flashhead::Given* held);

  static std::string GetLastError();
  static Dictionary PollLog();
  static void Shutdown();
  static PackedStringArray GetWeightNames();
  static PackedStringArray GetVisemeNames();
  static std::string GetVersion();

 private:
  // How the samples of a streamed utterance are laid out.
  struct Stream {
    flashhead_session session;
    uint32_t utterance;
    uint32_t format;
    uint32_t channels;
  };
  void ForgetStreams(flashhead_session session);

  flashhead_client client_ = 0;
  std::vector<Stream> streams_;  // those that may still be pushed to
  flashhead_weights weights_ = FLASHHEAD_WEIGHTS;
  PackedFloat32Array arkit_, pose_, visemes_;  // written in place, so that showing weights allocates nothing
};

}  // namespace flashhead_godot
