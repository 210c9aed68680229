// Tables of losses and inverse links, with the names of formulas/losses.py and
// formulas/inverse_links.py. To add an elementwise loss: a struct in value_losses.hpp, and a line in
// the table below. A loss without `of_groups` is not used in small networks.
#pragma once

#include "formulas/class_losses.hpp"
#include "formulas/value_losses.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Each computes the prediction by the inverse link, delta = dL/dz and the losses of the samples.
template <class T>
struct Loss {
    const char* name;
    void (*of_rows)(const LossTerms<T>&);
    void (*of_groups)(const GroupLossTerms<T>&);
};

template <class T, template <class> class L>
constexpr Loss<T> elementwise(const char* name) {
    return {name, elementwise_loss<T, L>, elementwise_loss_of_groups<T, L>};
}

template <class T>
inline constexpr Loss<T> loss_table[] = {
    elementwise<T, SquaredError>("squared_error"),
    elementwise<T, Poisson>("poisson"),
    elementwise<T, BinaryLogLoss>("binary_log_loss"),
    {"log_loss", log_loss<T>, log_loss_of_groups<T>},
    elementwise<T, AbsoluteError>("absolute_error"),
    elementwise<T, Huber>("huber"),
    elementwise<T, LogCosh>("log_cosh"),
    {"quantile", quantile<T>, nullptr},
    elementwise<T, Gamma>("gamma"),
    elementwise<T, Tweedie>("tweedie"),
    {"gaussian_nll", gaussian_nll<T>, nullptr},
    elementwise<T, BinaryFocal>("binary_focal"),
    {"smoothed_log_loss", smoothed_log_loss<T>, nullptr},
    {"focal", focal<T>, nullptr},
};

template <class T>
struct InverseLink {
    const char* name;
    void (*apply)(T* p, Index rows, Index outputs, Heads heads);
};

template <class T>
inline constexpr InverseLink<T> inverse_link_table[] = {
    {"identity", elementwise_inverse_link<T, SquaredError>},
    {"exp", elementwise_inverse_link<T, Poisson>},
    {"logistic", elementwise_inverse_link<T, BinaryLogLoss>},
    {"softmax", softmax<T>},
    {"mean_and_std", mean_and_std<T>},
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
