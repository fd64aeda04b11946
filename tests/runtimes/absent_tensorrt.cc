// In the place of TensorRT's libraries, so that its Python bindings can be imported and looked at. Nothing works.
#define ABSENT(name) \
    extern "C" void* name() { return nullptr; }
ABSENT(createInferBuilder_INTERNAL)
ABSENT(createInferRefitter_INTERNAL)
ABSENT(createInferRuntime_INTERNAL)
ABSENT(createNvOnnxParser_INTERNAL)
ABSENT(createNvOnnxParserRefitter_INTERNAL)
ABSENT(getBuilderPluginRegistry)
ABSENT(getPluginRegistry)
ABSENT(getNvOnnxParserVersion)
ABSENT(initLibNvInferPlugins)
