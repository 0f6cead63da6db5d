// Holds back what a library prints to stderr while it loads, so that the caller can sort notices from errors. The
// library's static initialisers print before any setting of its own can stop them, and Node has no dup2.
#define _GNU_SOURCE 1
#include <node_api.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <string>

static int saved = -1;
static int held = -1;

// hold(): sends stderr into memory. Returns whether it does.
static napi_value Hold(napi_env env, napi_callback_info) {
  bool holding = false;
  if (saved < 0) {
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    held = memfd_create("stderr", MFD_CLOEXEC);
    holding = saved >= 0 && held >= 0 && dup2(held, STDERR_FILENO) >= 0;
    if (!holding) {
      if (saved >= 0) close(saved);
      if (held >= 0) close(held);
      saved = held = -1;
    }
  }
  napi_value result;
  napi_get_boolean(env, holding, &result);
  return result;
}

// release(): gives stderr back and returns what was printed meanwhile.
static napi_value Release(napi_env env, napi_callback_info) {
  std::string text;
  if (saved >= 0) {
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    lseek(held, 0, SEEK_SET);
    char buffer[4096];
    for (ssize_t count; (count = read(held, buffer, sizeof buffer)) > 0;) text.append(buffer, count);
    close(saved);
    close(held);
    saved = held = -1;
  }
  napi_value result;
  napi_create_string_utf8(env, text.c_str(), text.size(), &result);
  return result;
}

static napi_value Init(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "hold", NAPI_AUTO_LENGTH, Hold, nullptr, &function);
  napi_set_named_property(env, exports, "hold", function);
  napi_create_function(env, "release", NAPI_AUTO_LENGTH, Release, nullptr, &function);
  napi_set_named_property(env, exports, "release", function);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)
