// Which addresses a process may dial when somebody else names the host: public unicast ones only, so that nobody uses
// us to reach what is behind our firewall (server-side request forgery).
//
// Refused are all blocks of the IANA special-purpose registries (RFC 6890 and its updates) that are not globally
// reachable: this network, private, shared (CGNAT), loopback, link-local with the clouds' metadata addresses,
// documentation, benchmarking, multicast, reserved, broadcast; of IPv6 everything outside of 2000::/3 (so ::1, ULA,
// link-local, site-local, multicast, and the forms that carry an IPv4 address: mapped, compatible, NAT64) and in it
// Teredo, 6to4, ORCHID, documentation. And one public address that serves metadata: 168.63.129.16 (Azure).
#pragma once

#include <string>

struct sockaddr;

namespace lanting::net {

// False for anything but IPv4 and IPv6.
bool IsPublicUnicast(const sockaddr& address);
// The same of an address in text; false for what is none.
bool IsPublicUnicast(const std::string& address);

}  // namespace lanting::net
