// The Python names of the entries of the tables, in their order.
#include "engine.hpp"

namespace lamina {

const char* const activation_names[] = {"identity", "logistic", "tanh",     "relu",  "leaky_relu",
                                        "prelu",    "elu",      "selu",     "gelu",  "silu",
                                        "mish",     "softplus", "softsign", "relu6", "hardswish",
                                        "sine",     nullptr};
const char* const loss_names[] = {
    "squared_error", "poisson",      "binary_log_loss",   "log_loss", "absolute_error",
    "huber",         "log_cosh",     "quantile",          "gamma",    "tweedie",
    "gaussian_nll",  "binary_focal", "smoothed_log_loss", "focal",    nullptr};
const char* const inverse_link_names[] = {"identity", "exp",          "logistic",
                                          "softmax",  "mean_and_std", nullptr};
const char* const optimizer_names[] = {"sgd",     "adam", "adamw", "nadam", "rmsprop",
                                       "adagrad", "lion", "muon",  nullptr};
const char* const precision_names[] = {"bfloat16", nullptr};
const char* const normalization_names[] = {"batch", "layer", nullptr};
const char* const function_names[] = {"exp", "log", "tanh",     "logistic", "normal",
                                      "sin", "cos", "softplus", nullptr};

}  // namespace lamina
