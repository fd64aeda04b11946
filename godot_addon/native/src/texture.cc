#include "texture.h"

#include <cstring>
#include <string>
#include <utility>

namespace flashhead_godot {
namespace {

constexpr int64_t kRgba8 = 5;     // Image.FORMAT_RGBA8
constexpr uint32_t kStorage = 2;  // PROPERTY_USAGE_STORAGE
constexpr std::chrono::milliseconds kPatience(200);  // for the next picture, from the last time that one was asked for

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

Texture::~Texture() {
  {
    std::lock_guard lock(next_->mutex);
    next_->pixels = nullptr;
  }
  for (void*& image : images_) engine.ref_set_object(&image, nullptr);
}

bool Texture::Acquire(Client* client, int64_t session, int64_t utterance, int64_t audio_us) {
  if (client == nullptr) {
    FLASHHEAD_PRINT_ERROR("FlashHeadTexture.acquire: client is null, or no FlashHeadClient");
    return false;
  }
  flashhead_frame frame = FLASHHEAD_FRAME;
  bool want = false;
  flashhead_result result = FLASHHEAD_NOTHING;
  {
    std::lock_guard lock(next_->mutex);
    result = AcquireNext(client, session, utterance, audio_us, &frame);
    if (result == FLASHHEAD_OK) {
      Upload();
      frame_ = frame;
      ++frames_shown_;
      next_image_ = 1 - next_image_;
      next_->read = {};
    }
    if (result >= 0 && !next_->read.any) {
      // Of a face at rest it is the newest one, whatever the time.
      next_->session = static_cast<flashhead_session>(session);
      next_->utterance = static_cast<uint32_t>(utterance);
      next_->audio_us = audio_us + frame_.duration_us;
      next_->until = std::chrono::steady_clock::now() + kPatience;
      next_->pixels = NextPixels();
      next_->bytes = image_bytes();
      want = !next_->wanted;
      next_->wanted = true;
    }
  }
  if (want) TheReader().Want(next_);
  return result == FLASHHEAD_OK;
}

// The lock of next_ is held.
flashhead_result Texture::AcquireNext(Client* client, int64_t session, int64_t utterance, int64_t audio_us,
                                      flashhead_frame* frame) {
  uint8_t* pixels = NextPixels();
  if (pixels != next_->pixels || static_cast<flashhead_session>(session) != next_->session) next_->read = {};
  flashhead_result result =
      client->AcquireVideo(session, utterance, audio_us, frame, pixels, image_bytes(), &next_->read);
  if (result == FLASHHEAD_BUFFER_TOO_SMALL) {
    MakeImages(frame->width, frame->height);
    result = client->AcquireVideo(session, utterance, audio_us, frame, NextPixels(), image_bytes(), &next_->read);
  }
  if (result == FLASHHEAD_OK && (frame->width != width_ || frame->height != height_)) {
    ShrinkImages(frame->width, frame->height);
  }
  return result;
}

uint8_t* Texture::NextPixels() {
  void* image = images_[next_image_];
  return image == nullptr ? nullptr : engine.image_ptrw(engine.ref_get_object(&image));
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

// The lock of next_ is held.
void Texture::MakeImages(uint32_t width, uint32_t height) {
  width_ = width;
  height_ = height;
  fits_ = false;
  next_->pixels = nullptr;
  next_->read = {};
  const int64_t sides[] = {width, height};
  const GDExtensionBool mipmaps = false;
  for (void*& image : images_) {
    engine.ref_set_object(&image, nullptr);
    create_empty(nullptr, &image, &sides[0], &sides[1], &mipmaps, &kRgba8);
  }
}

// The pixels lie at the beginning of an image that is too large for them.
void Texture::ShrinkImages(uint32_t width, uint32_t height) {
  void* large = std::exchange(images_[next_image_], nullptr);
  MakeImages(width, height);
  std::memcpy(NextPixels(), engine.image_ptrw(engine.ref_get_object(&large)), image_bytes());
  engine.ref_set_object(&large, nullptr);
}

void Texture::Upload() {
  if (!fits_) {
    set_image(owner(), nullptr, &images_[next_image_]);
    fits_ = true;
    return;
  }
  uint64_t texture = 0;
  get_rid(owner(), &texture);
  const int64_t layer = 0;
  texture_2d_update(RenderingServer(), nullptr, &texture, &images_[next_image_], &layer);
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
