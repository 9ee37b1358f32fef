# Installs the build into a prefix of its own, builds the miniature project and examples/custom_problem against it, and runs
# all. Needs -DBUILD=<build folder> -DSOURCE=<this folder> -DEXAMPLE=<examples/custom_problem> -DVERSION=<expected version>.

set(folder ${BUILD}/install-test)
file(REMOVE_RECURSE ${folder}/prefix ${folder}/consumer ${folder}/example)
file(MAKE_DIRECTORY ${folder})

# Runs a command; its output goes to `output`, and a failure ends the test with it.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed (${result}): ${ARGN}\n${text}")
  endif()
  set(output "${text}" PARENT_SCOPE)
endfunction()

function(expect_match text pattern what)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "${what}: expected a match of '${pattern}' in:\n${text}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${folder}/prefix)
file(GLOB_RECURSE misplaced ${folder}/prefix/include/*.cpp)
if(misplaced)
  message(FATAL_ERROR "sources were installed as headers: ${misplaced}")
endif()

run(${CMAKE_COMMAND} -S ${SOURCE} -B ${folder}/consumer -G Ninja
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${folder}/prefix)
if(output MATCHES "Warning")
  message(FATAL_ERROR "configuring the consumer warns:\n${output}")
endif()
run(${CMAKE_COMMAND} --build ${folder}/consumer)
run(${folder}/consumer/consumer)
expect_match("${output}" "scorefield ${VERSION}\n" "the consumer's output")
expect_match("${output}" "two-stream 8\n" "the consumer's output")

run(${CMAKE_COMMAND} -S ${EXAMPLE} -B ${folder}/example -G Ninja
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${folder}/prefix)
run(${CMAKE_COMMAND} --build ${folder}/example)
run(${folder}/example/predator_prey ${folder}/example/data.h5 generate.particles=100 generate.frames=3 sde.duration=0.1)
expect_match("${output}" "4 mu, 3 times, 100 particles" "the example's output")
run(${CMAKE_COMMAND} -E env --unset=LD_LIBRARY_PATH ${folder}/prefix/bin/scorefield inspect ${folder}/example/data.h5)
expect_match("${output}" "lynxes" "what inspect says of the example's file")

run(${CMAKE_COMMAND} -E env --unset=LD_LIBRARY_PATH ${folder}/prefix/bin/scorefield --help)
expect_match("${output}" "generate" "the installed binary's help")

# A density in C against the installed header.
run(cc -O2 -shared -fPIC -I ${folder}/prefix/include ${EXAMPLE}/../custom_density/regression.c -o ${folder}/regression.so -lm)
file(WRITE ${folder}/regression.txt "0 1\n1 3.1\n2 4.9\n3 7\n")
run(${CMAKE_COMMAND} -E env --unset=LD_LIBRARY_PATH ${folder}/prefix/bin/scorefield sample ${folder}/regression.so
    --data ${folder}/regression.txt --particles 50 --steps 2 --output ${folder}/regression.h5)
expect_match("${output}" "50 particles" "what sample says of the density in C")
