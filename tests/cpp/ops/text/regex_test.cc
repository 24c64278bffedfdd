#include "ops/text/regex.h"

#include <gtest/gtest.h>

#include <string>

namespace webinfer::ops {
namespace {

bool Matches(std::string_view pattern, std::string_view text) {
  Result<Regex> regex = Regex::Compile(pattern);
  EXPECT_TRUE(regex.ok()) << pattern << ": " << LastError().message;
  return regex.ok() && regex->FullMatch(text);
}

// The first match at or behind `from`, as "first-last".
std::string Found(std::string_view pattern, std::string_view text, size_t from = 0) {
  Result<Regex> regex = Regex::Compile(pattern);
  EXPECT_TRUE(regex.ok()) << pattern << ": " << LastError().message;
  size_t first = 0, last = 0;
  return regex.ok() && regex->Find(text, from, &first, &last) ? std::to_string(first) + "-" + std::to_string(last) : "none";
}

TEST(Regex, FindsTheFirstAndThereTheLongestMatch) {
  EXPECT_EQ(Found("[a-z]+", "12 abc def"), "3-6");
  EXPECT_EQ(Found("[a-z]+", "12 abc def", 6), "7-10");
  EXPECT_EQ(Found("[a-z]+", "12 abc def", 4), "4-6");
  EXPECT_EQ(Found("a|ab|abc", "xabcd"), "1-4");
  EXPECT_EQ(Found("x*", "abc", 1), "1-1");
  EXPECT_EQ(Found("x*", "abc", 3), "3-3");
  EXPECT_EQ(Found("x", "abc"), "none");
  EXPECT_EQ(Found("x", ""), "none");
  EXPECT_EQ(Found("^b", "abb", 1), "none");
  EXPECT_EQ(Found("\\bb", "ab b", 1), "3-4");
  EXPECT_EQ(Found("\\bb",
                  "\xC3\xA9"
                  "b",
                  2),
            "2-3");
  EXPECT_EQ(Found("b$", "abab", 0), "3-4");
}

TEST(Regex, MatchesWhatPythonsReMatches) {
  EXPECT_TRUE(Matches("", ""));
  EXPECT_FALSE(Matches("", "a"));
  EXPECT_TRUE(Matches("a|bc|", "bc"));
  EXPECT_FALSE(Matches("a|bc", "abc"));
  EXPECT_TRUE(Matches("(a|b)*c+d?", "ababccd"));
  EXPECT_FALSE(Matches("(a|b)*c+d?", "abd"));
  EXPECT_TRUE(Matches("[a-z0-9._%+-]+@[\\w.-]+\\.(com|org)", "some.one@example-mail.org"));
  EXPECT_FALSE(Matches("[^@]+", "a@b"));
  EXPECT_TRUE(Matches("a{2,3}b{2}c{1,}", "aaabbcc"));
  EXPECT_FALSE(Matches("a{2,3}", "aaaa"));
  EXPECT_TRUE(Matches("(ab{0,1}){3}", "abaab"));
  EXPECT_TRUE(Matches("x{,3}", "x{,3}"));  // no count: the characters themselves
  EXPECT_TRUE(Matches("^\\bfoo\\b.bar$", "foo bar"));
  EXPECT_FALSE(Matches("foo\\b.bar", "foo_bar"));
  EXPECT_TRUE(Matches("(?i)straße", "STRAßE"));
  EXPECT_TRUE(Matches(".", "\xE2\x82\xAC"));  // one euro sign
  EXPECT_FALSE(Matches("a.b", "a\nb"));
  EXPECT_TRUE(Matches("(?s)a.b", "a\nb"));
  EXPECT_TRUE(Matches("[[:alpha:]_]+[^[:space:]]", "ab_9"));
  EXPECT_TRUE(Matches("[]a-]+", "]-a"));
  EXPECT_TRUE(Matches("\\D\\W\\S[\\d\\s]", "a-b\t"));
  EXPECT_TRUE(Matches("\\x41\\x{20AC}", "A\xE2\x82\xAC"));
}

TEST(Regex, TakesLinearTimeOnTheWorstPattern) {
  EXPECT_TRUE(Matches("(a?){100}a{100}", std::string(100, 'a')));
  EXPECT_FALSE(Matches("(a*)*b", std::string(5000, 'a')));
}

TEST(Regex, RefusesWhatIsNoPattern) {
  for (const std::string& pattern : {std::string("("), std::string(")"), std::string("[a"), std::string("*a"),
                                     std::string("a{3,2}"), std::string("a{1001}"), std::string("\\"), std::string("\\q"),
                                     std::string("[z-a]"), std::string("((a{1000}){1000}){1000}"), std::string(1000, '(')}) {
    EXPECT_EQ(Regex::Compile(pattern).status().code(), Code::kInvalidModel) << pattern.substr(0, 40);
  }
}

}  // namespace
}  // namespace webinfer::ops
