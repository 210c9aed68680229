// Tables of losses and inverse links, with the names of formulas/losses.py and
// formulas/inverse_links.py. To add an elementwise loss: a struct in value_losses.hpp, and a line in
// the table below and in names.cpp. A loss without `of_groups` is not used in small networks.
#pragma once

#include "formulas/class_losses.hpp"
#include "formulas/value_losses.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Each computes the prediction by the inverse link, delta = dL/dz and the losses of the samples.
template <class T>
struct Loss {
    void (*of_rows)(const LossTerms<T>&);
    void (*of_groups)(const GroupLossTerms<T>&);
};

template <class T, template <class> class L>
inline constexpr Loss<T> elementwise = {elementwise_loss<T, L>, elementwise_loss_of_groups<T, L>};

template <class T>
inline constexpr Loss<T> loss_table[] = {
    elementwise<T, SquaredError>,    elementwise<T, Poisson>,
    elementwise<T, BinaryLogLoss>,   {log_loss<T>, log_loss_of_groups<T>},
    elementwise<T, AbsoluteError>,   elementwise<T, Huber>,
    elementwise<T, LogCosh>,         {quantile<T>, nullptr},
    elementwise<T, Gamma>,           elementwise<T, Tweedie>,
    {gaussian_nll<T>, nullptr},      elementwise<T, BinaryFocal>,
    {smoothed_log_loss<T>, nullptr}, {focal<T>, nullptr},
};

template <class T>
inline constexpr void (*inverse_link_table[])(T* p, Index rows, Index outputs, Heads heads) = {
    elementwise_inverse_link<T, SquaredError>,
    elementwise_inverse_link<T, Poisson>,
    elementwise_inverse_link<T, BinaryLogLoss>,
    softmax<T>,
    mean_and_std<T>,
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
