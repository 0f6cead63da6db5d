// Pages of TensorFlow's libraries that loading reads and nothing needs later: symbols and relocations, some 200 MB.
#ifndef SELFSUP_LOADED_PAGES_H_
#define SELFSUP_LOADED_PAGES_H_

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstring>

namespace selfsup {

/**
 * Takes the pages of what is never written (code, symbols, constants) out of this process. They stay in the kernel's page
 * cache, and come back one by one where they are needed.
 */
inline void ReleaseLoadedPages() {
  dl_iterate_phdr(
      [](dl_phdr_info* library, size_t, void*) {
        if (std::strstr(library->dlpi_name, "libtensorflow") == nullptr) return 0;
        const ElfW(Addr) page = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
        for (int i = 0; i < library->dlpi_phnum; i++) {
          const ElfW(Phdr)& segment = library->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
          const ElfW(Addr) address = library->dlpi_addr + segment.p_vaddr;
          const ElfW(Addr) start = (address + page - 1) / page * page;
          const ElfW(Addr) end = (address + segment.p_filesz) / page * page;
          if (end > start) madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
        }
        return 0;
      },
      nullptr);
}

}  // namespace selfsup

#endif  // SELFSUP_LOADED_PAGES_H_
