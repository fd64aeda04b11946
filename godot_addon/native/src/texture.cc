#include "texture.h"

#include <cstring>
#include <string>

namespace flashhead_godot {
namespace {

constexpr int64_t kRgba8 = 5;     // Image.FORMAT_RGBA8
constexpr uint32_t kStorage = 2;  // PROPERTY_USAGE_STORAGE

EngineMethod create_empty("Image", "create_empty", 986942177);
EngineMethod set_image("ImageTexture", "set_image", 532598488);
EngineMethod get_rid("Resource", "get_rid", 2944877500);
EngineMethod texture_2d_update("RenderingServer", "texture_2d_update", 999539803);

// It does not exist yet when the library is loaded.
GDExtensionObjectPtr RenderingServer() {
  static const GDExtensionObjectPtr server = engine.global_get_singleton(StringName("RenderingServer").get());
  return server;
}

}  // namespace

Texture::~Texture() { engine.ref_set_object(&image_, nullptr); }

bool Texture::Acquire(Client* client, int64_t session, int64_t utterance, int64_t audio_us) {
  if (client == nullptr) {
    FLASHHEAD_PRINT_ERROR("FlashHeadTexture.acquire: client is null, or no FlashHeadClient");
    return false;
  }
  const auto acquire = [&](flashhead_frame* frame) {
    uint8_t* pixels = image_ == nullptr ? nullptr : engine.image_ptrw(engine.ref_get_object(&image_));
    return client->AcquireVideo(session, utterance, audio_us, frame, pixels, image_bytes());
  };
  flashhead_frame frame = FLASHHEAD_FRAME;
  flashhead_result result = acquire(&frame);
  if (result == FLASHHEAD_BUFFER_TOO_SMALL) {
    MakeImage(frame.width, frame.height);
    result = acquire(&frame);
  }
  if (result != FLASHHEAD_OK) return false;
  if (frame.width != width_ || frame.height != height_) ShrinkImage(frame.width, frame.height);
  Upload();
  frame_ = frame;
  ++frames_shown_;
  return true;
}

void Texture::ShowImage(const EngineObject<ImageTag>& image) {
  if (image.pointer == nullptr) {
    FLASHHEAD_PRINT_ERROR("FlashHeadTexture.show_image: image is null");
    return;
  }
  set_image(owner(), nullptr, &image.pointer);
  fits_ = false;
  frame_ = FLASHHEAD_FRAME;
}

void Texture::MakeImage(uint32_t width, uint32_t height) {
  width_ = width;
  height_ = height;
  fits_ = false;
  const int64_t sides[] = {width, height};
  const GDExtensionBool mipmaps = false;
  engine.ref_set_object(&image_, nullptr);
  create_empty(nullptr, &image_, &sides[0], &sides[1], &mipmaps, &kRgba8);
}

// The pixels lie at the beginning of an image that is too large for them.
void Texture::ShrinkImage(uint32_t width, uint32_t height) {
  void* large = image_;
  image_ = nullptr;
  MakeImage(width, height);
  std::memcpy(engine.image_ptrw(engine.ref_get_object(&image_)), engine.image_ptrw(engine.ref_get_object(&large)),
              image_bytes());
  engine.ref_set_object(&large, nullptr);
}

void Texture::Upload() {
  if (!fits_) {
    set_image(owner(), nullptr, &image_);
    fits_ = true;
    return;
  }
  uint64_t texture = 0;
  get_rid(owner(), &texture);
  const int64_t layer = 0;
  texture_2d_update(RenderingServer(), nullptr, &texture, &image_, &layer);
}

bool Texture::ValidateProperty(GDExtensionPropertyInfo* property) {
  const StringName image("image");
  if (std::memcmp(property->name, image.get(), sizeof(StringName)) != 0) return false;
  property->usage &= ~kStorage;
  return true;
}

void Texture::Register() {
  Class<Texture>()
      .Method<&Texture::Acquire>("acquire", {"client", "session", "utterance", "audio_us"})
      .Method<&Texture::ShowImage>("show_image", {"image"})
      .ReadOnly<&Texture::GetFrameUtterance>("frame_utterance", "get_frame_utterance")
      .ReadOnly<&Texture::GetFrameEpoch>("frame_epoch", "get_frame_epoch")
      .ReadOnly<&Texture::GetFrameIndex>("frame_index", "get_frame_index")
      .ReadOnly<&Texture::GetFramePtsUs>("frame_pts_us", "get_frame_pts_us")
      .ReadOnly<&Texture::GetFrameDurationUs>("frame_duration_us", "get_frame_duration_us")
      .ReadOnly<&Texture::GetFrameFlags>("frame_flags", "get_frame_flags")
      .ReadOnly<&Texture::GetFramesShown>("frames_shown", "get_frames_shown");
}

}  // namespace flashhead_godot
