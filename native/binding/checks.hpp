// Checks of a network, its samples and its optimizer, before the kernels rely on their numbers.
#pragma once

#include <string>
#include <vector>

#include "kernels.hpp"

namespace lamina {

// Small enough that no product of sizes in bytes exceeds 64 bits.
inline constexpr std::int64_t most_parameters = std::int64_t(1) << 50;
// Largest number of terms or outputs of a column of an input stage, and of codes.
inline constexpr std::int64_t most_sizes = std::int64_t(1) << 16;
inline constexpr std::int64_t most_codes = std::int64_t(1) << 30;
inline constexpr std::int64_t most_members = std::int64_t(1) << 16;
// At least as many as any optimizer or loss reads.
inline constexpr std::size_t room_for_hyperparameters = 16;

inline std::vector<double> with_room(std::vector<double> hyperparameters) {
    if (hyperparameters.size() < room_for_hyperparameters)
        hyperparameters.resize(room_for_hyperparameters);
    return hyperparameters;
}

inline bool is_fraction(double number) { return number >= 0 && number < 1; }

inline int input_stage_kind() {
    int kind = 0;
    while (std::string(names().blocks[kind]) != "input_stage") ++kind;
    return kind;
}

inline bool is_kind(const Block& block, const char* name) {
    return std::string(names().blocks[block.kind]) == name;
}

// Every block of members follows one with as many, or is the first and repeats its input.
inline void require_members(const Block& block, const Block& before) {
    const bool has_members = is_kind(block, "shared_dense") || is_kind(block, "member_heads");
    require(block.n_members >= 1 && block.n_members <= most_members, "too few or too many members");
    require(has_members || (block.n_members == 1 && before.n_members == 1),
            "a block without members follows one with members");
    require(!has_members || before.n_members == (block.repeats ? 1 : block.n_members),
            "the members of two blocks differ");
    require(!has_members || !(block.repeats && block.residual), "a residual needs its own input");
    require(!has_members || block.normalization == Block{}.normalization ||
                std::string(names().normalizations[block.normalization]) != "batch",
            "members cannot share the statistics of a batch");
    require(block.fan_in <= most_parameters / block.fan_out / block.n_members,
            "a block is too large");
}

inline void require_blocks(const std::vector<Block>& blocks) {
    require(!blocks.empty() && blocks.size() < 1 << 20, "a network needs at least one block");
    std::int64_t n_parameters = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const Block& block = blocks[i];
        require(is_in(names().blocks, block.kind), "the kind of a block is none of BLOCKS");
        require(block.fan_in >= 1 && block.fan_out >= 1, "a block needs inputs and outputs");
        require(block.fan_in <= most_parameters / block.fan_out, "a block is too large");
        n_parameters += block.fan_in * block.fan_out;
        require(n_parameters <= most_parameters, "the network is too large");
        require(i == 0 || block.fan_in == blocks[i - 1].fan_out, "the blocks do not fit together");
        require(i == 0 || block.kind != input_stage_kind(), "an input stage is the first block");
        require(!block.residual || (i > 0 && block.fan_in == block.fan_out),
                "a residual needs as many outputs as inputs");
        require(is_in(names().activations, block.activation), "activation is none of ACTIVATIONS");
        require(block.normalization == Block{}.normalization ||
                    is_in(names().normalizations, block.normalization),
                "normalization is none of NORMALIZATIONS");
        require(is_fraction(block.dropout), "dropout is out of range");
        require_members(block, i == 0 ? Block{} : blocks[i - 1]);
    }
}

// Number of outputs of a group of inputs, whose sizes are checked.
template <class Group>
std::int64_t outputs_of(const Group& group) {
    require(is_in(names().inputs, group.kind), "the kind of inputs is none of INPUTS");
    const std::string kind = names().inputs[group.kind];
    const std::int64_t n_columns = std::int64_t(group.columns.size());
    require(n_columns >= 1, "a group of inputs needs columns");
    require(group.n_outputs >= 1 && group.n_terms >= 0 && group.n_outputs <= most_sizes &&
                group.n_terms <= most_sizes &&
                n_columns <= most_parameters / most_sizes / most_sizes,
            "a group of inputs is too large");
    const bool has_terms = kind == "periodic" || kind == "piecewise_linear";
    require(has_terms == (group.n_terms > 0), "a kind of inputs has terms, or no terms");
    const bool has_codes = kind == "categorical" || kind == "one_hot";
    require(group.n_codes.size() == (has_codes ? group.columns.size() : 0),
            "every column of codes has a number of codes");
    std::int64_t n_codes = 0;
    for (std::int64_t each : group.n_codes) {
        require(each >= 1 && each <= most_codes, "a column has too few or too many codes");
        n_codes += each;
        require(n_codes <= most_parameters / most_sizes, "a group of inputs is too large");
    }
    if (kind == "identity" || kind == "scaled") return n_columns;
    if (kind == "one_hot") return n_codes - n_columns;
    return n_columns * (group.n_outputs + (kind == "periodic" ? 1 : 0));
}

inline void require_heads(const std::vector<std::int64_t>& heads, std::int64_t n_outputs) {
    std::int64_t left = n_outputs;
    for (std::int64_t width : heads) {
        require(width >= 1 && width <= left, "the heads are not all outputs");
        left -= width;
    }
    require(heads.empty() || left == 0, "the heads are not all outputs");
}

struct Targets {
    bool takes_codes = false, is_any = false;
    std::int64_t n_outputs_each = 1;  // of one target
};

inline Targets targets_of(int loss, std::size_t n_hyperparameters) {
    if (loss == custom_loss) return {false, true};
    const std::string name = names().losses[loss];
    if (name == "log_loss" || name == "smoothed_log_loss" || name == "focal") return {true};
    if (name == "quantile") return {false, false, std::int64_t(n_hyperparameters)};
    if (name == "gaussian_nll") return {false, false, 2};
    return {};
}

// n_targets is zero if a network only predicts.
inline void require_loss(int loss, std::size_t n_hyperparameters, std::int64_t n_outputs,
                         std::int64_t n_targets, std::size_t n_heads) {
    require(loss == custom_loss || is_in(names().losses, loss), "loss is none of LOSSES");
    require(n_targets >= 0 && n_targets <= most_parameters, "n_targets is out of range");
    const Targets targets = targets_of(loss, n_hyperparameters);
    if (n_targets == 0 || targets.is_any) return;
    const std::int64_t n_heads_of_codes = n_heads ? std::int64_t(n_heads) : 1;
    require(targets.takes_codes ? n_targets == n_heads_of_codes
                                : n_targets * targets.n_outputs_each == n_outputs,
            "the targets do not fit the outputs");
}

inline void require_order(const std::int64_t* order, std::int64_t n, std::int64_t n_samples) {
    bool is_within = true;
    for (std::int64_t i = 0; i < n; ++i) is_within &= order[i] >= 0 && order[i] < n_samples;
    require(is_within, "the row order names a row that is not there");
}

// Codes (n_samples, n_targets) must be below the number of outputs of their head.
inline void require_codes(const std::int32_t* codes, std::int64_t n_samples, std::int64_t n_targets,
                          const std::vector<std::int64_t>& heads, std::int64_t n_outputs) {
    bool is_within = true;
    for (std::int64_t row = 0; row < n_samples; ++row)
        for (std::int64_t j = 0; j < n_targets; ++j, ++codes)
            is_within &=
                *codes >= 0 && *codes < (heads.empty() ? n_outputs : heads[std::size_t(j)]);
    require(is_within, "a class code is out of range");
}

inline void require_csr(const std::int64_t* starts, std::int64_t n_samples,
                        const std::int32_t* columns, std::int64_t n_entries,
                        std::int64_t n_features) {
    bool is_within = starts[0] >= 0 && starts[n_samples] <= n_entries;
    for (std::int64_t row = 0; row < n_samples; ++row) is_within &= starts[row] <= starts[row + 1];
    require(is_within, "the starts of csr rows are out of order");
    for (std::int64_t i = 0; i < n_entries; ++i)
        is_within &= columns[i] >= 0 && columns[i] < n_features;
    require(is_within, "a csr matrix has a column that is not there");
}

}  // namespace lamina
