/*
 * Loads the Godot extension as Godot does, on a Windows without Godot: tests/godot/test_windows_build.py runs it under Wine.
 * Every function of Godot's interface does nothing here, so that only loading, registering and unloading are seen.
 *
 *     load_windows LIBRARY [MISSING]      MISSING: a function that this Godot has not
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include <gdextension_interface.h>

static const char* missing = "";
static int classes, methods, constants, unregistered;

/* For every function that gives another one, as those that look up constructors do. */
static void* nothing(void) { return (void*)nothing; }

static void class_registered(void) { ++classes; }
static void method_registered(void) { ++methods; }
static void constant_registered(void) { ++constants; }
static void class_unregistered(void) { ++unregistered; }

static GDExtensionInterfaceFunctionPtr get_proc_address(const char* name) {
    static const struct {
        const char* name;
        void (*function)(void);
    } counted[] = {
        {"classdb_register_extension_class4", class_registered},
        {"classdb_register_extension_class_method", method_registered},
        {"classdb_register_extension_class_integer_constant", constant_registered},
        {"classdb_unregister_extension_class", class_unregistered},
    };
    if (strcmp(name, missing) == 0) return NULL;
    for (size_t i = 0; i < sizeof counted / sizeof *counted; ++i) {
        if (strcmp(name, counted[i].name) == 0) return (GDExtensionInterfaceFunctionPtr)counted[i].function;
    }
    return (GDExtensionInterfaceFunctionPtr)nothing;
}

int main(int count, char** words) {
    if (count < 2) return 2;
    if (count > 2) missing = words[2];
    HMODULE library = LoadLibraryA(words[1]);
    if (library == NULL) {
        printf("not loaded: error %lu\n", GetLastError());
        return 1;
    }
    GDExtensionInitializationFunction entry =
        (GDExtensionInitializationFunction)(void*)GetProcAddress(library, "flashhead_godot_init");
    if (entry == NULL) return 3;
    GDExtensionInitialization initialization;
    memset(&initialization, 0, sizeof initialization);
    if (!entry(get_proc_address, &classes, &initialization)) {
        printf("refused\n");
        return 0;
    }
    initialization.initialize(NULL, initialization.minimum_initialization_level);
    printf("level %d classes %d methods %d constants %d\n", initialization.minimum_initialization_level, classes, methods,
           constants);
    initialization.deinitialize(NULL, initialization.minimum_initialization_level);
    printf("unregistered %d\n", unregistered);
    printf("unloaded %d\n", FreeLibrary(library));
    return 0;
}
