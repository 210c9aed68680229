// Angles so far from zero that π/2 in three parts is too inexact to reduce them.
#pragma once

namespace lamina {

// x = quadrant π/2 + rest, |rest| ≤ π/4; the quadrant modulo 4. NaN if x is not finite.
struct FarAngle {
    double rest;
    unsigned quadrant;
};

// Accurate to the last bits for |x| ≥ 1024, with the same result on every processor.
FarAngle reduce_far_angle(double x);

}  // namespace lamina
