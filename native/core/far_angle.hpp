// Angles so far from zero that π/2 in three parts is not enough to reduce them.
#pragma once

namespace lamina {

// x = quadrant π/2 + rest, |rest| ≤ π/4; the quadrant modulo 4. NaN where x is not finite.
struct FarAngle {
    double rest;
    unsigned quadrant;
};

// Exact to the last bits for every x of at least 1024 in magnitude, and the same on every processor.
FarAngle reduce_far_angle(double x);

}  // namespace lamina
