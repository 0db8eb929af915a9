// Fault points: places where a test may kill the process, named as in architecture.md section 8. Compiled to nothing
// unless LANTING_FAULTS is defined (presets dev, asan, tsan).
//
//   LANTING_FAULT_POINT("relay.before_xadd");      // LANTING_FAULT=relay.before_xadd:3 kills at the third pass
#pragma once

#ifdef LANTING_FAULTS
namespace lanting::fault {
// SIGKILLs this process if the environment variable LANTING_FAULT is "<name>" or "<name>:<n>" and this is the n-th pass.
void Point(const char* name);
}  // namespace lanting::fault
#define LANTING_FAULT_POINT(name) ::lanting::fault::Point(name)
#else
#define LANTING_FAULT_POINT(name) ((void)0)
#endif
