// The kinds of blocks, by the names of src/lamina/blocks/. To add one: a struct like Dense in a header
// of its own, and a line in the table below.
#pragma once

#include "blocks/dense.hpp"
#include "blocks/input_stage.hpp"
#include "blocks/member_heads.hpp"
#include "blocks/shared_dense.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct BlockKind {
    const char* name;
    Layer<T>* (*make)(const Block&, Index place);
};

template <class T, template <class> class Each>
Layer<T>* make_layer(const Block& block, Index place) {
    return new Each<T>(block, place);
}

template <class T>
inline constexpr BlockKind<T> block_table[] = {
    {"dense", make_layer<T, Dense>},
    {"input_stage", make_layer<T, InputStage>},
    {"shared_dense", make_layer<T, SharedDense>},
    {"member_heads", make_layer<T, MemberHeads>},
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
