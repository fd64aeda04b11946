#pragma once

#include <pybind11/pybind11.h>

namespace flashhead {

// Adds the classes of flashhead_engine.client.native to the module.
void BindClient(pybind11::module_& module);

}  // namespace flashhead
