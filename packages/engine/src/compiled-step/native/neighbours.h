// See neighbours.cc.
#ifndef SELFSUP_NEIGHBOURS_H_
#define SELFSUP_NEIGHBOURS_H_

#include <string>

namespace selfsup {

/**
 * Two processes that add with each other at a level of the tree become neighbours: once one listens at a name, the other
 * connects, and then both try the other's memory. Each is false where that cannot be, and then they are none.
 */
bool ListenForNeighbour(int level, const std::string& name);
bool ConnectToNeighbour(int level, const std::string& name);
bool TryNeighbour(int level, bool listened);

/** Lets go of what was begun. */
void ForgetNeighbour(int level);

/** Seconds that this process has spent on adding with neighbours, with waiting for them. */
double SecondsWithNeighbours();

}  // namespace selfsup

#endif  // SELFSUP_NEIGHBOURS_H_
