// FlashHeadTexture: a texture that shows a session's picture. The reference is doc_classes/FlashHeadTexture.xml.
#pragma once

#include <memory>

#include "class.h"
#include "client.h"
#include "flashhead_bridge.h"
#include "reader.h"

namespace flashhead_godot {

struct ImageTag {
  static constexpr const char* kName = "Image";
};

class Texture : public Object {
 public:
  static constexpr const char* kName = "FlashHeadTexture";
  static constexpr const char* kParent = "ImageTexture";
  static void Register();
  // Pictures are not saved with a scene.
  static bool ValidateProperty(GDExtensionPropertyInfo* property);

  using Object::Object;
  ~Texture() override;

  bool Acquire(Client* client, int64_t session, int64_t utterance, int64_t audio_us);
  void ShowImage(const EngineObject<ImageTag>& image);

  int64_t GetFrameUtterance() const { return frame_.utterance; }
  int64_t GetFrameEpoch() const { return frame_.epoch; }
  int64_t GetFrameIndex() const { return static_cast<int64_t>(frame_.index); }
  int64_t GetFramePtsUs() const { return frame_.pts_us; }
  int64_t GetFrameDurationUs() const { return frame_.duration_us; }
  int64_t GetFrameFlags() const { return frame_.flags; }
  int64_t GetFramesShown() const { return frames_shown_; }

 private:
  flashhead_result AcquireNext(Client* client, int64_t session, int64_t utterance, int64_t audio_us,
                               flashhead_frame* frame);
  void MakeImages(uint32_t width, uint32_t height);
  void ShrinkImages(uint32_t width, uint32_t height);
  void Upload();
  uint8_t* NextPixels();
  size_t image_bytes() const { return size_t{width_} * height_ * 4; }

  flashhead_frame frame_ = FLASHHEAD_FRAME;  // that is shown
  int64_t frames_shown_ = 0;
  // Ref<Image>s of width x height RGBA pixels. The texture is updated from one while the next picture is read into the
  // other: Godot may upload later, when it renders on a thread of its own.
  void* images_[2] = {nullptr, nullptr};
  int next_image_ = 0;
  std::shared_ptr<NextPicture> next_ = std::make_shared<NextPicture>();
  uint32_t width_ = 0;
  uint32_t height_ = 0;
  bool fits_ = false;  // the texture has the images' size and format
};

}  // namespace flashhead_godot
