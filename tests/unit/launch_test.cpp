#include "report/launch.h"

#include <gtest/gtest.h>

#include "hardware/catalogue.h"
#include "readers/catalogue.h"
#include "vllm/arguments.h"
#include "vllm/launch_words.h"

namespace vram::report {
namespace {

plan::Request request(std::int64_t tensor, std::int64_t pipeline, std::int64_t data, const char* version = "0.33.0") {
  plan::Request made;
  made.model = std::make_shared<const ModelSource>(*catalogue_model("Qwen/Qwen3-8B"));
  made.engine = *vllm::read_engine(version);
  made.gpu = hardware::find_gpu("H100-SXM-80GB")->gpu;
  made.args.set("tensor_parallel_size", json::Value(tensor));
  made.args.set("pipeline_parallel_size", json::Value(pipeline));
  made.args.set("data_parallel_size", json::Value(data));
  return made;
}

struct LaunchCase {
  const char* name;
  plan::Request request;
  std::vector<std::string> lines;
};

TEST(Launches, AreVllmsOwnForms) {
  const std::string serve = "vllm serve Qwen/Qwen3-8B --tensor-parallel-size ";
  const std::vector<LaunchCase> cases{
      {"one machine", request(2, 1, 1), {serve + "2 --pipeline-parallel-size 1 --data-parallel-size 1"}},
      {"stages on two machines",
       request(8, 2, 1),
       {serve + "8 --pipeline-parallel-size 2 --data-parallel-size 1 --nnodes 2 --node-rank 0 --master-addr MACHINE_1",
        serve + "8 --pipeline-parallel-size 2 --data-parallel-size 1 --nnodes 2 --node-rank 1 --master-addr MACHINE_1 "
                "--headless"}},
      {"before --nnodes: Ray",
       request(8, 2, 1, "0.10.2"),
       {"ray start --head --port=6379",
        serve + "8 --pipeline-parallel-size 2 --data-parallel-size 1 --distributed-executor-backend ray",
        "ray start --address=MACHINE_1:6379"}},
      {"replicas on two machines",
       request(4, 1, 4),
       {serve + "4 --pipeline-parallel-size 1 --data-parallel-size 4 --data-parallel-size-local 2 "
                "--data-parallel-address MACHINE_1 --data-parallel-rpc-port 13345",
        serve + "4 --pipeline-parallel-size 1 --data-parallel-size 4 --data-parallel-size-local 2 "
                "--data-parallel-address MACHINE_1 --data-parallel-rpc-port 13345 --data-parallel-start-rank 2 "
                "--headless"}},
  };
  for (const LaunchCase& row : cases) {
    std::vector<std::string> lines;
    for (const NodeLaunch& node : launches(row.request))
      for (const auto& words : node.lines) {
        lines.push_back(vllm::shell_line(words));
        if (words.front() == "vllm") {
          EXPECT_TRUE(vllm::read_launch_line(words, row.request.engine)) << row.name << ": " << lines.back();
        }
      }
    EXPECT_EQ(lines, row.lines) << row.name;
  }
}

TEST(CommandText, BreaksBetweenFlags) {
  EXPECT_EQ(command_text({"vllm", "serve", "M", "--max-model-len", "8192", "--enforce-eager"}, 30, "  "),
            "  vllm serve M \\\n        --max-model-len 8192 \\\n        --enforce-eager\n");
}

}  // namespace
}  // namespace vram::report
