"""What functions.py finds in the forms that C++ has for functions, and in what only looks like one."""

import unittest

from functions import functions

CODE = """
#include <vector>
#define TWICE(x) { x; x; }
namespace a { namespace {
constexpr int kTable[] = {1, 2};
template <class T, int N>
std::vector<T> make(const std::map<int, T>& a, T b = {1, 2}, int c = g(1, 2)) { return {}; }
class A : public B {
 public:
  A(int a, int b) : a_(a), b_{1, 2}, c_{3} {
    if (a) { b(); }
  }
  explicit A(int a) noexcept : b_{1} {}
  ~A() override { close("}"); }
  int operator()(int a, int b) const { return '{'; }
  bool operator==(const A& other) const { return true; }
  [[nodiscard]] std::vector<int> values() const override { return {}; }
  A(const A&) = delete;
  int a_ = 0, b_{3};
  std::function<void(int)> f_ = [](int x) { return; };
  enum class E { a, b };
  struct P { int x; };
};
auto A::more(std::function<void(int, int)> a, int b) -> int {
  auto inner = [&](int x) {  // }
    return R"(}}})";
  };
  for (int i = 0; i < 3; ++i) { }
}
extern "C" { void many(int a, int b, int c, int d, int e, int f, int g) {} }
TEST_F(Suite, Name) { EXPECT(1); }
template <class Enum>
  requires std::is_enum_v<Enum>
void Set::add(const std::string& key, Enum& field, std::initializer_list<std::pair<const char*, Enum>> names) { }
} }
A::B A::operator+=(const A& x) { return *this; }
int main(int argc, char** argv) {
}
"""


class Functions(unittest.TestCase):
    def test_finds_all_forms_with_their_size(self):
        found = [(function.name, function.lines, function.parameters) for function in functions(CODE)]
        self.assertEqual(
            found,
            [
                ("make", 2, 3),
                ("A", 3, 2),
                ("A", 1, 1),
                ("~A", 1, 0),
                ("operator()", 1, 2),
                ("operator==", 1, 1),
                ("values", 1, 0),
                ("A::more", 6, 2),
                ("many", 1, 7),
                ("TEST_F", 1, 2),
                ("Set::add", 3, 3),
                ("operator+=", 1, 1),
                ("main", 2, 2),
            ],
        )

    def test_lines_are_counted_from_one(self):
        self.assertEqual(functions("\n\nint f(\n    int x) {\n  return x;\n}\n")[0].line, 3)


unittest.main()
