// A library with BridgeStan's C interface, as a compiled Stan model has it, whose density is known:
//
//   parameters { real mu; real<lower=0> tau; matrix[2, 3] w; }
//   transformed parameters { real total = mu + tau; }
//   generated quantities { real drawn = normal_rng(mu, 0) + uniform_rng(0, 1); }
//   mu ~ normal(mean, 2), log(tau) ~ normal(0, 0.5), w[i, j] ~ normal(10 i + j, 1)
//
// Its data are {"mean": x}. Other keys make it misbehave: "empty" has no parameters, "throws" throws everywhere,
// "limit" throws where mu lies above that number, "propto" knows log p without its constants alone, which makes it
// larger by 7. Not thread-safe unless the key "threads" is there.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <numbers>
#include <string>

namespace {

struct Model {
  std::string data, info, names[4];
  double mean = 0, limit = HUGE_VAL;
  bool empty = false, throws = false, propto = false;
  int busy = 0;  ///< calls in progress: a second one at a time would be a thread's mistake
};

char* copy_of(const std::string& text) { return ::strdup(text.c_str()); }

bool number(const std::string& data, const std::string& key, double& value) {
  const auto at = data.find("\"" + key + "\":");
  if (at == std::string::npos) return false;
  value = std::strtod(data.c_str() + at + key.size() + 3, nullptr);
  return true;
}

constexpr double kTwoPi = 2 * std::numbers::pi;
double normal(double x, double mean, double deviation) {
  const double z = (x - mean) / deviation;
  return -0.5 * z * z - std::log(deviation) - 0.5 * std::log(kTwoPi);
}

/// Column-major: element (i, j) of w is coordinate 2 + i + 2 j.
double centre(int k) { return 10 * (k % 2 + 1) + k / 2 + 1; }

int failed(char** error, const std::string& text) {
  *error = copy_of(text);
  return -1;
}

int density(Model* model, bool jacobian, const double* x, double* log_p, double* score, char** error) {
  if (++model->busy > 1) return failed(error, "two calls of one model at a time");
  const bool outside = model->throws || x[0] > model->limit;
  if (!outside) {
    *log_p =
        (model->propto ? 7 : 0) + normal(x[0], model->mean, 2) + normal(x[1], 0, 0.5) - x[1] + (jacobian ? x[1] : 0);
    for (int k = 0; k < 6; ++k) *log_p += normal(x[2 + k], centre(k), 1);
    if (score) {
      score[0] = -(x[0] - model->mean) / 4;
      score[1] = -x[1] / 0.25 - 1 + (jacobian ? 1 : 0);
      for (int k = 0; k < 6; ++k) score[2 + k] = centre(k) - x[2 + k];
    }
  }
  --model->busy;
  return outside ? failed(error, "Exception: mu is too large\n(in line 3)") : 0;
}

}  // namespace

extern "C" {

int bs_major_version = 2, bs_minor_version = 9, bs_patch_version = 0;

void* bs_model_construct(const char* data, unsigned, char** error) {
  auto* model = new Model;
  model->data = data ? data : "";
  double flag = 0;
  model->empty = number(model->data, "empty", flag);
  model->throws = number(model->data, "throws", flag);
  model->propto = number(model->data, "propto", flag);
  (void)number(model->data, "limit", model->limit);
  if (!number(model->data, "mean", model->mean)) {
    *error = copy_of("Exception: variable does not exist; processing stage=data initialization; variable name=mean");
    delete model;
    return nullptr;
  }
  model->info = std::string("test; STAN_THREADS=") + (number(model->data, "threads", flag) ? "true" : "false");
  if (!model->empty) {
    model->names[0] = "mu,tau,w.1.1,w.2.1,w.1.2,w.2.2,w.1.3,w.2.3";
    model->names[1] = model->names[0] + ",total";
    model->names[2] = model->names[0] + ",drawn";
    model->names[3] = model->names[1] + ",drawn";
  }
  return model;
}
void bs_model_destruct(void* model) { delete static_cast<Model*>(model); }
void bs_free_error_msg(char* message) { std::free(message); }
const char* bs_model_info(const void* model) { return static_cast<const Model*>(model)->info.c_str(); }
const char* bs_param_names(const void* model, bool transformed, bool generated) {
  return static_cast<const Model*>(model)->names[transformed + 2 * generated].c_str();
}
int bs_param_num(const void* model, bool transformed, bool generated) {
  return static_cast<const Model*>(model)->empty ? 0 : 8 + transformed + generated;
}
int bs_param_unc_num(const void* model) { return static_cast<const Model*>(model)->empty ? 0 : 8; }
int bs_log_density(const void* model, bool propto, bool jacobian, const double* x, double* log_p, char** error) {
  auto* own = static_cast<Model*>(const_cast<void*>(model));
  if (own->propto && !propto) return failed(error, "only propto=true is supported");
  return density(own, jacobian, x, log_p, nullptr, error);
}
int bs_log_density_gradient(const void* model, bool propto, bool jacobian, const double* x, double* log_p,
                            double* score, char** error) {
  auto* own = static_cast<Model*>(const_cast<void*>(model));
  if (own->propto && !propto) return failed(error, "only propto=true is supported");
  return density(own, jacobian, x, log_p, score, error);
}
int bs_param_constrain(const void*, bool transformed, bool generated, const double* x, double* to, void* rng,
                       char** error) {
  if (generated && !rng) return failed(error, "generated quantities need random numbers");
  std::memcpy(to, x, 8 * sizeof(double));
  to[1] = std::exp(x[1]);
  int at = 8;
  if (transformed) to[at++] = to[0] + to[1];
  auto* state = static_cast<std::uint64_t*>(rng);
  if (generated) to[at] = to[0] + static_cast<double>((*state *= 6364136223846793005u) >> 11) * 0x1p-53;
  return 0;
}
int bs_param_unconstrain(const void*, const double* parameters, double* x, char** error) {
  if (parameters[1] <= 0) return failed(error, "tau is not above 0");
  std::memcpy(x, parameters, 8 * sizeof(double));
  x[1] = std::log(parameters[1]);
  return 0;
}
void* bs_rng_construct(unsigned seed, char**) { return new std::uint64_t(2 * std::uint64_t{seed} + 1); }
void bs_rng_destruct(void* rng) { delete static_cast<std::uint64_t*>(rng); }

}  // extern "C"
