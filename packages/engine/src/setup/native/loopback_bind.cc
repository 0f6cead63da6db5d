// Preloaded into processes that compute together on one machine: a socket that would listen on all addresses listens on
// the loopback address alone. TensorFlow's server knows no other way than all addresses, and asks nobody who they are.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

extern "C" __attribute__((visibility("default"))) int bind(int socket, const struct sockaddr* address, socklen_t length) {
  using Bind = int (*)(int, const struct sockaddr*, socklen_t);
  static const Bind real = reinterpret_cast<Bind>(dlsym(RTLD_NEXT, "bind"));
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in changed;
    memcpy(&changed, address, sizeof changed);
    if (changed.sin_addr.s_addr == htonl(INADDR_ANY)) {
      changed.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      return real(socket, reinterpret_cast<const sockaddr*>(&changed), sizeof changed);
    }
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 changed;
    memcpy(&changed, address, sizeof changed);
    if (memcmp(&changed.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0) {
      // The IPv4 address in IPv6 clothes: peers call 127.0.0.1.
      const unsigned char loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
      memcpy(&changed.sin6_addr, loopback, sizeof loopback);
      return real(socket, reinterpret_cast<const sockaddr*>(&changed), sizeof changed);
    }
  }
  return real(socket, address, length);
}
