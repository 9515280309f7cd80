#include "io/hub_settings.h"

#include <gtest/gtest.h>

#include <map>

namespace vram::io {
namespace {

Result<HubSettings> settings_with(const std::map<std::string, std::string>& variables) {
  return hub_settings([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(HubSettings, FollowTheEnvironment) {
  const auto plain = settings_with({{"HOME", "/nowhere"}});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->endpoint, "https://huggingface.co");
  EXPECT_EQ(plain->cache, "/nowhere/.cache/huggingface/hub");
  EXPECT_EQ(plain->headers, "/nowhere/.cache/vram-estimator/headers");
  EXPECT_EQ(plain->token, "");
  EXPECT_FALSE(plain->offline);
  EXPECT_FALSE(plain->http.plain);

  const auto own = settings_with({{"HOME", "/nowhere"},
                                  {"HF_HOME", "~/hf"},
                                  {"HF_TOKEN", " hf_x \n"},
                                  {"HF_ENDPOINT", "http://mirror:8080/"},
                                  {"HF_HUB_OFFLINE", "yes"},
                                  {"HF_HUB_DOWNLOAD_TIMEOUT", "30"},
                                  {"CURL_CA_BUNDLE", "/a"},
                                  {"SSL_CERT_FILE", "/b"}});
  ASSERT_TRUE(own);
  EXPECT_EQ(own->cache, "/nowhere/hf/hub");
  EXPECT_EQ(own->token, "hf_x");
  EXPECT_EQ(own->endpoint, "http://mirror:8080");
  EXPECT_TRUE(own->offline);
  EXPECT_TRUE(own->http.plain);
  EXPECT_EQ(own->http.stall_s, 30);
  EXPECT_EQ(own->http.certificates, "/b");

  EXPECT_EQ(settings_with({{"HOME", "/h"}, {"HF_HOME", "/x"}, {"HF_HUB_CACHE", "/y"}})->cache, "/y");
  EXPECT_EQ(settings_with({{"HF_TOKEN", "hf_x"}, {"HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"}})->token, "");
  const auto scope = settings_with({{"HOME", "/h"}, {"VLLM_USE_MODELSCOPE", "True"}, {"HF_TOKEN", "hf_x"}});
  EXPECT_EQ(scope->kind, HubKind::kModelScope);
  EXPECT_EQ(scope->token, "");
  EXPECT_EQ(scope->cache, "/h/.cache/modelscope");
  EXPECT_EQ(settings_with({{"VLLM_USE_MODELSCOPE", "1"}, {"MODELSCOPE_API_TOKEN", " ms-x\n"}})->token, "ms-x");
  EXPECT_EQ(settings_with({{"VLLM_USE_MODELSCOPE", "1"}, {"MODELSCOPE_DOMAIN", "a.b"}})->endpoint, "https://a.b");
  EXPECT_EQ(asked_revision(*scope, {"org/name", "main"}), "master");
}

TEST(HubSettings, WhatCannotBeIsNotRepeated) {
  for (const char* endpoint : {"ftp://hub", "hub", "https://", "https://a b", "https://user:hunter2@"}) {
    const auto settings = settings_with({{"HF_ENDPOINT", endpoint}});
    ASSERT_FALSE(settings) << endpoint;
    EXPECT_EQ(settings.error().sentence().find("hunter2"), std::string::npos);
  }
  const auto token = settings_with({{"HF_TOKEN", "hf_x\r\nCookie: a"}});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().sentence().find("hf_x"), std::string::npos);
}

TEST(HubName, HasTwoPartsAndARevision) {
  const auto name = read_hub_name("Qwen/Qwen3-8B");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->revision, "main");
  EXPECT_EQ(read_hub_name("org/name@refs/pr/3")->revision, "refs/pr/3");
  for (const char* typed : {"gpt2", "a/b/c", "/a", "a/", "../a", "a/..", "a/.b", "a/b@", "a/b@../c", "a/b@/c", "a b/c",
                            "a/b?c", "a/b#c", "a/b--c", "https://a/b", "a/b@c d", "-a/b", ""})
    EXPECT_FALSE(read_hub_name(typed)) << typed;
}

TEST(Urls, OriginsAreCompared) {
  EXPECT_EQ(origin_of("https://Hub.example/a?b"), "https://hub.example");
  EXPECT_EQ(origin_of("https://hub.example:443/a"), "https://hub.example");
  EXPECT_EQ(origin_of("https://user:word@hub.example:8443#x"), "https://hub.example:8443");
  EXPECT_EQ(origin_of("https://hub.example@evil.example/"), "https://evil.example");
  EXPECT_EQ(origin_of("https://hub.example?@evil.example/"), "https://hub.example");
  EXPECT_NE(origin_of("http://hub.example"), origin_of("https://hub.example"));
  EXPECT_EQ(origin_of("file:///etc"), "");
  EXPECT_EQ(origin_of("nonsense"), "");
}

TEST(Urls, AreShownWithoutSecrets) {
  EXPECT_EQ(shown_url("https://user:word@hub.example/a/b?X-Amz-Signature=s#f"), "https://hub.example/a/b");
  EXPECT_EQ(shown_url("https://hub.example/a\nb"), "https://hub.example/a?b");
  EXPECT_LT(shown_url("https://hub.example/" + std::string(1000, 'a')).size(), 300u);
}

}  // namespace
}  // namespace vram::io
