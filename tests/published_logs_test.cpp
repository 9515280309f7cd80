// Every log of a folder against what its INDEX.jsonl says that its lines state: numbers, and how the start ended. Of
// what the index knows from elsewhere ("context", a title, a file's name) the lines say nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "logs/read.h"

namespace vram::logs {
namespace {

std::string folder() {
  const char* named = std::getenv("VRAM_LOGS");
  return named ? named : VRAM_LOGS;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// "857.31 MiB" in GiB.
double size(const std::string& printed) {
  const std::map<std::string, double> units = {{"GiB", 1}, {"MiB", 1.0 / 1024}, {"bytes", 1 / double(kGiB)}};
  std::istringstream words(printed);
  double number = 0;
  std::string unit;
  words >> number >> unit;
  return number * units.at(unit);
}

std::vector<double> numbers(const json::Value& value) {
  std::vector<double> read;
  const json::Array one = {value};
  for (const json::Value& item : value.array() ? *value.array() : one)
    read.push_back(item.string() ? size(*item.string()) : item.number().value_or(0));
  return read;
}

const Said* text_fact(const StartUp& start, std::string_view name) {
  if (name == "quantization") return &start.quantization;
  return name == "kv_cache_dtype" ? &start.kv_cache_dtype : nullptr;
}

void check_facts(const StartUp& start, const json::Object& facts) {
  for (const auto& [key, value] : facts.members()) {
    if (const Said* said = text_fact(start, key)) {
      EXPECT_EQ(said->text, *value.string()) << key;
      continue;
    }
    const bool of_allocator = key == "oom_tried" || key == "oom_free";
    const std::string wanted = of_allocator ? key + "_gib" : key;
    std::vector<double> found;
    for (std::size_t fact = 0; fact < std::size_t(Fact::kNothing); ++fact)
      if (name(Fact(fact)) == wanted) found = start.stated(Fact(fact));
    const std::vector<double> expected = numbers(value);
    ASSERT_EQ(found.size(), expected.size()) << key;
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-9) << key;
  }
}

// Their ends are told elsewhere: a file's name, an issue's title, a pull request.
const std::set<std::string> kOutcomeElsewhere = {"58-v064-llama31-8b-3090-20k-started.log",
                                                 "61-v08x-ray-repeated-across-cluster.log",
                                                 "71-v0291dev-5090laptop-oom-capture.log"};

TEST(PublishedLogs, StateWhatTheirIndexSays) {
  const std::string index = content(folder() + "/INDEX.jsonl");
  if (index.empty()) GTEST_SKIP() << "no folder of logs at " << folder();
  std::istringstream lines(index);
  for (std::string line; std::getline(lines, line);) {
    const auto entry = json::parse(line, "INDEX.jsonl");
    ASSERT_TRUE(entry);
    const std::string file = *entry->find("file")->string();
    SCOPED_TRACE(file);
    const std::vector<StartUp> starts = read(content(folder() + '/' + file));
    ASSERT_EQ(starts.size(), 1u);
    const StartUp& start = starts.front();
    check_facts(start, *entry->find("facts")->object());
    if (kOutcomeElsewhere.contains(file)) {
      EXPECT_TRUE(start.lines_missing);
      continue;
    }
    EXPECT_EQ(name(start.outcome), *entry->find("outcome")->string());
    const json::Value* version = entry->object()->find("vllm_version");
    EXPECT_TRUE(!version->string() || !start.version || start.version.text == *version->string());
    const json::Value* model = entry->object()->find("model");
    EXPECT_TRUE(!model->string() || !start.model || start.model.text == *model->string());
  }
}

}  // namespace
}  // namespace vram::logs
