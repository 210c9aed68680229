// The bfloat16 product: the AMX kernel on a model of its tiles gives the bits of every set's
// emulation, and so do this machine's tiles if it has them. The kernel of AVX-512-BF16 on a model of
// its instruction gives the bits of a plain loop, and so does this machine's instruction.
#include "bfloat16_test.hpp"

#include <random>
#include <vector>

#include "../core/instruction_sets.hpp"
#include "expect.hpp"
#include "pairs_model.hpp"
#include "tile_model.hpp"

using namespace lamina;

namespace {

void multiply_on_model(const Bfloat16Product& product) {
    TileModel::State state;
    amx::multiply_on(TileModel{state}, product);
    expect(state.faults == 0, "the tiles were asked for what they refuse");
    expect(state.is_released, "the tiles were not released");
}

enum class Numbers { ordinary, extreme };
enum class From { zero, row, result };

// A bfloat16 of any sign and mantissa. Ordinary products are about one; extreme ones and their sums
// are near the subnormal range, and so are some of their factors.
std::uint32_t draw(std::mt19937& random, Numbers numbers) {
    const std::uint32_t bits = random();
    const bool is_subnormal = numbers == Numbers::extreme && random() % 16 == 0;
    const std::uint32_t least = numbers == Numbers::extreme ? 52 : 110;
    const std::uint32_t exponent = is_subnormal ? 0 : least + random() % 20;
    return (bits & 0x807fu) | exponent << 7;
}

struct Operands {
    std::int64_t m, n, blocks, c_row;
    std::vector<Pair> a, b;
    std::vector<float> c;

    Operands(std::int64_t m, std::int64_t n, std::int64_t blocks, Numbers numbers)
        : m(m), n(n), blocks(blocks), c_row(n + 3) {
        std::mt19937 random(std::uint32_t(m * 10007 + n * 101 + blocks));
        const auto pair = [&] { return draw(random, numbers) | draw(random, numbers) << 16; };
        const std::int64_t panels = (n + panel_columns - 1) / panel_columns;
        for (std::int64_t i = 0; i < m * blocks * block_pairs; ++i) a.push_back(pair());
        for (std::int64_t i = 0; i < panels * panel(); ++i) b.push_back(pair());
        const float scale = numbers == Numbers::extreme ? 0x1p-122f : 0x1p-9f;
        for (std::int64_t i = 0; i < m * c_row; ++i) {
            const float x = float(std::int32_t(random())) * 0x1p-31f;
            c.push_back(x * (i % 7 ? scale : 0x1p-127f));  // every seventh is subnormal
        }
    }
    std::int64_t panel() const { return blocks * block_pairs * panel_columns; }

    // C as a unit leaves it, including the padding between its rows.
    std::vector<float> product(MultiplyBfloat16 unit, From from) const {
        std::vector<float> result = c;
        const float* init = from == From::zero  ? nullptr
                            : from == From::row ? c.data()
                                                : result.data();
        unit({a.data(), blocks * block_pairs, b.data(), panel(), init,
              from == From::result ? c_row : 0, result.data(), c_row, m, n, blocks});
        return result;
    }
};

bool are_equal_bits(const std::vector<float>& one, const std::vector<float>& other) {
    return std::memcmp(one.data(), other.data(), one.size() * sizeof(float)) == 0;
}

template <class Visit>
void for_each_product(Numbers numbers, const Visit& visit) {
    for (std::int64_t m : {1, 2, 15, 16, 17, 31, 32, 33, 50})
        for (std::int64_t n : {1, 7, 8, 15, 16, 17, 32, 33, 48, 70})
            for (std::int64_t blocks : {1, 2, 5}) {
                const Operands operands(m, n, blocks, numbers);
                const std::string shape = " m " + std::to_string(m) + " n " + std::to_string(n) +
                                          " blocks " + std::to_string(blocks);
                for (From from : {From::zero, From::row, From::result})
                    visit(operands, from, shape);
            }
}

void expect_equal(const std::string& names, MultiplyBfloat16 one, MultiplyBfloat16 other,
                  Numbers numbers) {
    for_each_product(numbers, [&](const Operands& operands, From from, const std::string& shape) {
        expect(are_equal_bits(operands.product(one, from), operands.product(other, from)),
               "products in bfloat16 differ, " + names + shape);
    });
}

// The chain of avx512_bf16.hpp, element by element.
void multiply_in_one_chain(const Bfloat16Product& p) {
    for (std::int64_t i = 0; i < p.m; ++i)
        for (std::int64_t j = 0; j < p.n; ++j) {
            float sum = p.init ? p.init[i * p.init_row + j] : 0.0f;
            for (std::int64_t pair = 0; pair < p.blocks * block_pairs; ++pair) {
                const Pair b =
                    p.b[j / panel_columns * p.b_panel + pair * panel_columns + j % panel_columns];
                sum = PairsModel::add_pairs(PairsModel::Register{sum},
                                            PairsModel::broadcast_pair(p.a[i * p.a_row + pair]),
                                            PairsModel::broadcast_pair(b))[0];
            }
            p.c[i * p.c_row + j] = sum;
        }
}

void test_avx512_bf16() {
    for (Numbers numbers : {Numbers::ordinary, Numbers::extreme}) {
        const MultiplyBfloat16 model = avx512_bf16::multiply_on<PairsModel>;
        expect_equal("the model of VDPBF16PS and one chain", model, multiply_in_one_chain, numbers);
        if (const MultiplyBfloat16 processor = avx512_bf16::multiply())
            expect_equal("the model and this machine's VDPBF16PS", model, processor, numbers);
    }
}

}  // namespace

void test_bfloat16(const InstructionSet& set) {
    // The baseline multiplies, then adds: a subnormal product adds nothing.
    const bool is_fused = std::string(set.name) != "baseline";
    const std::string name = set.name;
    if (!is_fused) test_avx512_bf16();  // once: it is no part of a set
    for (Numbers numbers : {Numbers::ordinary, Numbers::extreme}) {
        if (numbers == Numbers::extreme && !is_fused) continue;
        expect_equal(name + " and the tile model", set.emulated_bfloat16, multiply_on_model,
                     numbers);
        if (const MultiplyBfloat16 tiles = amx::multiply())
            expect_equal(name + " and this machine's tiles", set.emulated_bfloat16, tiles, numbers);
    }
}
