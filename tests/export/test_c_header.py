"""C header: a compiled program predicts the same as lamina."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

import lamina
from lamina.export.c.rendering import in_precision

PROGRAM = """
#include <stdio.h>
#include "first.h"
#include "second.h"

int main(void)
{
    REAL x[FIRST_N_FEATURES], y[FIRST_N_OUTPUTS], z[SECOND_N_OUTPUTS];
    for (;;) {
        for (int i = 0; i < FIRST_N_FEATURES; i++) {
            double number;
            if (scanf("%lf", &number) != 1) return 0;
            x[i] = (REAL)number;
        }
        first_predict(x, y);
        second_predict(x, z);
        for (int i = 0; i < FIRST_N_OUTPUTS; i++) printf("%.17g ", (double)y[i]);
        printf("%.17g %s\\n", (double)z[0], first_classes[1]);
    }
}
"""


def compile_program(command, source, folder):
    path = folder / source
    compiled = subprocess.run(
        [*command, "-Wall", "-Wextra", "-Wpedantic", "-Werror", str(path), "-lm", "-o", "program"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stderr
    return folder / "program"


@pytest.mark.parametrize("real", ["float", "double"])
@pytest.mark.parametrize("language", ["c", "c++"])
def test_a_program_with_two_models_predicts_like_both(
    language, real, compiler, fit, rows, tmp_path
):
    dtype = {"float": "float32", "double": "float64"}[real]
    first = fit("multiclass", dtype, precision="bfloat16" if real == "float" else None)
    second = fit("mean and std", dtype, activation="tanh")
    lamina.to_c(first, tmp_path / "first.h", name="first")
    lamina.to_c(second, tmp_path / "second.h", name="second")
    command = [compiler, "-std=c99"]
    if language == "c++":
        command = [shutil.which("c++") or pytest.skip("no C++ compiler"), "-x", "c++"]
    (tmp_path / "main.c").write_text(PROGRAM.replace("REAL", real), encoding="utf-8")
    program = compile_program(command, "main.c", tmp_path)
    X = rows.astype(dtype)
    text = "\n".join(" ".join(f"{number:.17g}" for number in row) for row in X)
    ran = subprocess.run([program], input=text.encode(), capture_output=True, check=True)
    lines = ran.stdout.decode("utf-8").splitlines()
    answers = np.array([[float(word) for word in line.split(maxsplit=4)[:4]] for line in lines])
    tolerance = {"float": 1e-5, "double": 1e-12}[real]
    np.testing.assert_allclose(answers[:, :3], first.predict_proba(X), rtol=tolerance)
    np.testing.assert_allclose(answers[:, 3], second.predict(X), rtol=tolerance, atol=tolerance)
    assert {line.split(maxsplit=4)[4] for line in lines} == {first.classes_[1]}


def test_the_header_has_the_labels(run_c, fit, rows):
    assert "static const long long mlp_classes[2] = {0, 1};" in lamina.to_c(fit("binary"))
    assert "static const double mlp_classes[3] = {0.0, 1.0, 2.0};" in lamina.to_c(
        fit("float classes")
    )
    assert "_classes[" not in lamina.to_c(fit("numbers"))


def test_the_header_has_the_labels_of_each_column(fit):
    source = lamina.to_c(fit("columns of labels"))
    assert "#define MLP_N_OUTPUTS 6\n#define MLP_N_TARGETS 3\n" in source
    assert "static const int mlp_n_classes[3] = {3, 2, 1};" in source
    assert "static const long long mlp_classes_1[2] = {0, 1};" in source
    assert '_classes_1[3] = {"a", "b", "c"};' in lamina.to_c(fit("columns of texts"))


def test_an_invalid_name_in_c_is_rejected(fit):
    for name in ("", "2nd", "my-model", "größe"):
        with pytest.raises(ValueError, match="is not a valid name in C"):
            lamina.to_c(fit("numbers"), name=name)


def test_the_dtype_may_differ_from_the_models(fit):
    assert "(const float *x, float *y)" in lamina.to_c(fit("numbers"), dtype="float32")
    assert "(const double *x, double *y)" in lamina.to_c(fit("numbers", "float32"), dtype="float64")


@pytest.mark.parametrize(
    ("double", "single"),
    [
        ("z < 0 ? 0 : z", "z < 0 ? 0 : z"),
        ("1e-3 * z[10] + 6", "1e-3f * z[10] + 6"),
        ("0.5 * fmax(z, 0) * erfc(z)", "0.5f * fmaxf(z, 0) * erfcf(z)"),
        ("real x1 = exp(expm1(z));", "float x1 = expf(expm1f(z));"),
    ],
)
def test_single_precision_uses_float_functions_and_constants(double, single):
    assert in_precision(double, "float") == single
    assert in_precision(double, "double") == double.replace("real", "double")


def test_a_label_that_reads_like_a_type_stays_a_label(fit, rows):
    model = fit("multiclass")
    model.classes_ = np.array(["exp(1.5)", "real", "x"])
    assert '{"exp\\0501.5\\051", "real", "x"}' in lamina.to_c(model, dtype="float32")
