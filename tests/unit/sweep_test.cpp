#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "hardware/catalogue.h"
#include "readers/catalogue.h"
#include "sweep/formula_rows.h"
#include "sweep/output.h"
#include "sweep/run.h"
#include "sweep/vllm_rows.h"

namespace vram::sweep {
namespace {

struct AxisCase {
  const char* text;
  std::vector<std::string> values;  // empty: refused
};
const AxisCase kAxes[] = {
    {"kv_cache_dtype=auto,fp8", {"auto", "fp8"}},
    {"max_model_len=8k:64k:x2", {"8000", "16000", "32000", "64000"}},
    {"max_model_len=8K:20K:×2", {"8192", "16384"}},
    {"max_num_seqs=1:4:1", {"1", "2", "3", "4"}},
    {"gpu_memory_utilization=0.8:0.95:+0.05", {"0.8", "0.85", "0.9", "0.95"}},
    {"max_model_len=4k,auto", {"4000", "auto"}},
    {"gpu=RTX-4090,8k", {"RTX-4090", "8k"}},
    {"model=org/name:v1:x2", {"org/name:v1:x2"}},
    {"max_model_len", {}},
    {"=1,2", {}},
    {"max_model_len=1,,2", {}},
    {"max_model_len=64k:8k:x2", {}},
    {"max_model_len=8k:64k:x1", {}},
    {"max_model_len=0:64k:x2", {}},
    {"max_num_seqs=1:100000000:1", {}},
};

TEST(Axis, ReadsListsAndRanges) {
  for (const AxisCase& each : kAxes) {
    const auto axis = read_axis(each.text);
    EXPECT_EQ(bool(axis), !each.values.empty()) << each.text;
    if (axis) {
      EXPECT_EQ(axis->values, each.values) << each.text;
    }
  }
  EXPECT_EQ(read_axis("--max-num-seqs=1")->name, "max_num_seqs");
}

Grid grid_of(std::initializer_list<const char*> varied) {
  std::vector<Axis> axes;
  for (const char* text : varied) axes.push_back(*read_axis(text));
  return *Grid::of(std::move(axes));
}

TEST(Grid, RunsThroughEveryCombinationTheLastAxisFastest) {
  const Grid grid = grid_of({"a=1,2,3", "b=x,y"});
  EXPECT_EQ(grid.rows(), 6);
  std::vector<std::size_t> digits(2), placed(2);
  for (std::int64_t row = 0; row < grid.rows(); ++row) {
    grid.place(row, placed);
    EXPECT_EQ(digits, placed) << row;
    grid.next(digits);
  }
  EXPECT_FALSE(Grid::of({*read_axis("a=1"), *read_axis("a=2")}));
}

Launches launches() {
  Launches sweep;
  sweep.base.model = std::make_shared<const ModelSource>(*catalogue_model("Qwen/Qwen3-8B"));
  sweep.base.gpu = hardware::find_gpu("RTX-4090")->gpu;
  sweep.grid = grid_of({"kv_cache_dtype=auto,fp8", "max_model_len=1k:70k:x2", "tensor_parallel_size=1,2,3",
                        "gpu_memory_utilization=0.5:1.1:+0.1", "max_num_seqs=1,256"});
  for (const Axis& axis : sweep.grid.axes()) {
    auto& changes = sweep.changes.emplace_back();
    for (const std::string& value : axis.values) changes.push_back(*read_change(axis.name, value, sweep.base.engine));
  }
  return sweep;
}

std::string all_rows(const RowWriter& writer, const Grid& grid) {
  std::string text;
  writer(0, grid.rows(), text);
  return text;
}

TEST(Launches, AreAnsweredAsPlanAnswersThem) {
  const Launches sweep = launches();
  std::istringstream rows(all_rows(write_launches(sweep, Format::kCsv), sweep.grid));
  std::vector<std::size_t> digits(sweep.grid.axes().size());
  plan::Planner planner;
  for (std::string row; std::getline(rows, row); sweep.grid.next(digits)) {
    plan::Request request = sweep.base;
    std::string expected;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const Axis& axis = sweep.grid.axes()[i];
      const auto value = json::parse(axis.values[digits[i]], "");
      request.args.set(axis.name, value ? *value : json::Value(axis.values[digits[i]]));
      expected += axis.values[digits[i]] + ',';
    }
    const auto report = planner.plan(request);
    const bool fits = report && report->verdict.fits;
    expected += fits ? "true," : "false,";
    expected += report ? plan::name(report->verdict.reason) : "invalid_arguments";
    ASSERT_TRUE(row.starts_with(expected + ',')) << row << "\n" << expected;
    if (fits) {
      const std::string tokens = ',' + std::to_string(report->kv->tokens.count()) + ',';
      ASSERT_NE(row.find(tokens), std::string::npos) << row << tokens;
    }
  }
}

TEST(Launches, StandUnderTheirHeadings) {
  Launches sweep = launches();
  const std::string heading = RowText(Format::kTable, sweep.grid, launch_figures()).heading();
  std::istringstream rows(all_rows(write_launches(sweep, Format::kTable), sweep.grid));
  const std::size_t column = heading.find("resolved_max_model_len");
  for (std::string row; std::getline(rows, row);) {
    ASSERT_GT(row.size(), column) << row;
    EXPECT_EQ(row[column - 1], ' ') << row;
    EXPECT_NE(row[column], ' ') << row;
  }
}

TEST(Launches, RefuseWhatNoReleaseTakes) {
  const vllm::Engine engine = vllm::newest();
  EXPECT_FALSE(read_change("max_modl_len", "8000", engine));
  EXPECT_FALSE(read_change("max_num_seqs", "many", engine));
  EXPECT_FALSE(read_change("gpu_memory_gib", "-1", engine));
  EXPECT_TRUE(read_change("max_model_len", "auto", engine));
}

formula::Request figures_of_8b() {
  formula::Request request;
  request.params_billion = 8;
  request.layers = 36;
  request.kv_heads = 8;
  request.head_dim = 128;
  return request;
}

TEST(Run, GivesTheSameBytesOnAnyNumberOfThreads) {
  const Launches sweep = launches();
  const std::string whole = all_rows(write_launches(sweep, Format::kJsonLines), sweep.grid);
  for (const int threads : {1, 3}) {
    std::string text;
    const sweep::Run each{0,
                          sweep.grid.rows(),
                          threads,
                          [&] { return write_launches(sweep, Format::kJsonLines); },
                          [&](std::string_view rows) {
                            text += rows;
                            return true;
                          },
                          {}};
    EXPECT_TRUE(run(each));
    EXPECT_EQ(text, whole);
  }
}

TEST(Run, StopsWhereItsRowsAreNotTaken) {
  const auto figures = Figures::of(figures_of_8b(), 8, grid_of({"context_k=1:100000:+1"}));
  int taken = 0;
  const sweep::Run stopped{0,
                           figures->grid.rows(),
                           2,
                           [&] { return write_figures(*figures, Format::kCsv); },
                           [&](std::string_view) { return ++taken < 3; },
                           {}};
  EXPECT_FALSE(run(stopped));
  EXPECT_EQ(taken, 3);
}

TEST(Figures, AreWhatEstimateAnswers) {
  const formula::Request base = figures_of_8b();
  const auto figures = Figures::of(base, 8, grid_of({"quant=fp16,q4_k_m", "context_k=4,8"}));
  ASSERT_TRUE(figures);
  formula::Request last = base;
  last.quant = "q4_k_m";
  const formula::Estimate expected = formula::estimate(last, 8);
  std::string row, total;
  write_figures(*figures, Format::kTable)(3, 4, row);
  char digits[40];
  total.assign(digits, std::to_chars(digits, digits + sizeof digits, expected.total_gib).ptr);
  EXPECT_NE(row.find(total), std::string::npos) << row << total;
  EXPECT_FALSE(Figures::of(base, 8, grid_of({"contex_k=4"})));
  EXPECT_FALSE(Figures::of(base, 8, grid_of({"layers=0"})));
}

class Outputs : public testing::Test {
 protected:
  void SetUp() override { path_ = (std::filesystem::temp_directory_path() / "vram_sweep_test.csv").string(); }
  void TearDown() override { std::filesystem::remove(path_); }

  void leave(std::string_view text) const { std::ofstream(path_, std::ios::binary) << text; }
  std::string text() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string path_;
};

TEST_F(Outputs, GoOnWhereverTheyWereCutOff) {
  const std::string heading = "a,b\n", rows = "1,2\n3,4\n5,6\n", whole = heading + rows;
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    leave(whole.substr(0, cut));
    auto output = Output::resume(path_, heading);
    ASSERT_TRUE(output) << cut;
    EXPECT_TRUE(output->write(rows.substr(std::size_t(output->rows()) * 4)));
    EXPECT_TRUE(output->close());
    EXPECT_EQ(text(), whole) << cut;
  }
}

TEST_F(Outputs, LeaveTheRowsOfAnotherSweepAlone) {
  leave("x,y\n1,2\n");
  const auto output = Output::resume(path_, "a,b\n");
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().sentence().find("another sweep"), std::string::npos);
  EXPECT_EQ(text(), "x,y\n1,2\n");
}

}  // namespace
}  // namespace vram::sweep
